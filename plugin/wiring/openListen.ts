import type { Logger } from '../model/logger.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import { connectionFrom } from '../record/database/connectionFrom.ts';
import { connectionOf } from '../record/database/connectionOf.ts';
import { type Listen, listenOver } from '../record/database/listen.ts';
import type { Config } from '../settings/Config.ts';

const POLLED = 'notifications do not pass the pooler before the database: saves and jobs are looked for instead';

/** Hears notifications of the portal's PostgreSQL, by the direct way where the settings name one. Says once where it cannot. */
export function openListen({ listenUrl }: Pick<Config, 'listenUrl'>, knex: HostDatabase, logger: Logger): Listen {
  let isSaid = false;
  return listenOver({
    connection: async () =>
      listenUrl === null ? connectionOf(knex) : connectionFrom(listenUrl, 'ARCHIVER_LISTEN_URL'),
    onPooled() {
      if (!isSaid) logger.info({ setting: 'ARCHIVER_LISTEN_URL' }, POLLED);
      isSaid = true;
    },
    onLost: (error: string) => logger.warn({ error }, 'notifications are not heard; saves and jobs are looked for'),
  });
}
