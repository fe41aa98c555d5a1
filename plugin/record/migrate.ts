import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { databaseFailed } from './databaseFailed.ts';

type Names = Pick<Config, 'schema' | 'resourceTable'>;

interface MigrationModule {
  up(knex: Knex, names: Names): Promise<void>;
  down(knex: Knex, names: Names): Promise<void>;
}

/** Any number, the same for all processes of one database: the key of our advisory lock. */
const LOCK_KEY = 0x41_52_43_48;

/**
 * Brings our tables to the newest state, or takes them all away (`down`). All in one transaction under an advisory lock,
 * in a migration table of our own (knex's default is the host's). Throws `ArchiverError('database-failed')`.
 */
export async function migrate(knex: Knex, names: Names, direction: 'up' | 'down'): Promise<void> {
  try {
    await knex.transaction(async (transaction) => {
      await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK_KEY]);
      await transaction.raw('create schema if not exists ??', [names.schema]);
      const settings: Knex.MigratorConfig = {
        tableName: 'migration',
        schemaName: names.schema,
        disableTransactions: true,
        migrationSource: await sourceOf(names),
      };
      if (direction === 'up') await transaction.migrate.latest(settings);
      else {
        await transaction.migrate.rollback(settings, true);
        await transaction.raw('drop schema ?? cascade', [names.schema]);
      }
    });
  } catch (error) {
    throw databaseFailed('migrating the archiver’s tables', error);
  }
}

/** A folder of the package, found from the sources as from the compiled files. */
function migrationsFolder(): string {
  const candidates = ['../migrations/', '../../migrations/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return candidates.find((folder) => existsSync(folder)) ?? '';
}

async function sourceOf(names: Names): Promise<Knex.MigrationSource<string>> {
  const folder = migrationsFolder();
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js')).sort();
  return {
    getMigrations: async () => files,
    getMigrationName: (file) => file,
    async getMigration(file) {
      const module: MigrationModule = await import(pathToFileURL(`${folder}${file}`).href);
      return { up: (knex) => module.up(knex, names), down: (knex) => module.down(knex, names) };
    },
  };
}
