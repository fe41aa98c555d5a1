import type { Portal } from '../portal/Portal.ts';
import { migrate } from '../record/database/migrate.ts';
import { openDatabase } from '../record/database/openDatabase.ts';
import type { Config } from '../settings/Config.ts';

/** Migrates the portal's database, or the one that the settings name; what was opened here is closed. */
export async function migrateDatabase(
  config: Config,
  database: Portal['database'],
  direction: 'up' | 'down',
): Promise<void> {
  const knex = database ?? openDatabase(config.databaseUrl);
  try {
    await migrate(knex, config, direction);
  } finally {
    if (!database) await knex.destroy();
  }
}
