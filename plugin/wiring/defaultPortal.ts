import type { Writable } from 'node:stream';
import { createExpressPortal } from '../portal/expressPortal.ts';
import type { Portal } from '../portal/Portal.ts';
import { openDatabase } from '../record/database/openDatabase.ts';
import type { Config } from '../settings/Config.ts';
import { endsWithin } from './endsWithin.ts';
import { openLogger } from './openLogger.ts';

/**
 * The tables behind `DATABASE_URL` as a portal, for the command line. It has no routes of its own, so nobody is let in;
 * its log goes to `log`, one JSON object a line. Throws `ArchiverError('settings-invalid')` when there is no `DATABASE_URL`.
 */
export function openDefaultPortal(
  config: Config,
  about: { readonly site: string; readonly version: string; readonly log: Writable },
) {
  const knex = openDatabase(config.databaseUrl);
  const { site, version, log } = about;
  const portal: Portal = createExpressPortal({
    site,
    version,
    name: 'portal-archiver',
    knex,
    authorize: () => false,
    logger: openLogger(log),
  });
  // A connection to a server that hangs would keep the pool, and the command, for a minute.
  const close = async () => void (await endsWithin(config.stopDeadlineMs, knex.destroy()));
  return { portal, close };
}
