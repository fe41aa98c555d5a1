import type { UninstallOptions } from '../Archiver.ts';
import type { Portal } from '../portal/Portal.ts';
import { migrate } from '../record/database/migrate.ts';
import { openDatabase } from '../record/database/openDatabase.ts';
import type { Config } from '../settings/Config.ts';
import { StartWaits } from './startWaits.ts';
import { dropTables } from './uninstall/uninstall.ts';

type Migrated = Pick<Portal, 'database' | 'logger'>;

/** Makes our tables, or brings them to the newest state; what was opened for it is closed. What it waits for is logged. */
export async function migrateUp(config: Config, { database, logger }: Migrated, signal: AbortSignal): Promise<void> {
  const knex = database ?? openDatabase(config.databaseUrl);
  try {
    await migrate(knex, config, 'up', new StartWaits({ signal, logger }));
  } finally {
    if (!database) await knex.destroy();
  }
}

/** Takes our tables away, once nobody works with them: throws `ArchiverError('in-use')` where somebody still does in the end. */
export async function migrateDown(config: Config, portal: Migrated, options: UninstallOptions): Promise<void> {
  await dropTables(config, portal, options, async () => undefined);
}
