import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { HostDatabase, HostTransaction } from '../../portal/HostDatabase.ts';
import type { Config } from '../../settings/Config.ts';
import { databaseFailed } from './databaseFailed.ts';

type Names = Pick<Config, 'schema' | 'resourceTable'>;

interface MigrationModule {
  up(knex: HostTransaction, names: Names): Promise<void>;
  down(knex: HostTransaction, names: Names): Promise<void>;
}

/** Any number, the same for all processes of one database: the key of our advisory lock. */
const LOCK_KEY = 0x41_52_43_48;

/**
 * Brings our tables to the newest state, or takes them all away (`down`). All in one transaction under an advisory lock,
 * in a migration table of our own (knex's default is the host's). Answers the migrations that ran. Throws `ArchiverError('database-failed')`.
 */
export async function migrate(knex: HostDatabase, names: Names, direction: 'up' | 'down'): Promise<readonly string[]> {
  try {
    return await knex.transaction(async (transaction) => {
      await transaction.raw('select pg_advisory_xact_lock(?)', [LOCK_KEY]);
      await createSchema(transaction, names.schema);
      const settings = {
        tableName: 'migration',
        schemaName: names.schema,
        disableTransactions: true,
        migrationSource: await sourceOf(names),
      };
      if (direction === 'up') {
        const [, applied] = await transaction.migrate.latest(settings);
        return applied;
      }
      const [, undone] = await transaction.migrate.rollback(settings, true);
      await dropEmptied(transaction, names.schema);
      return undone;
    });
  } catch (error) {
    throw databaseFailed('migrating the archiver’s tables', error);
  }
}

/** What it says marks a schema as made by us, so that one which the host had before is never dropped. */
const OURS = 'Made by portal-archiver';

async function createSchema(knex: HostTransaction, schema: string): Promise<void> {
  const { rows } = await knex.raw('select 1 from pg_namespace where nspname = ?', [schema]);
  if (rows.length > 0) return;
  await knex.raw('create schema ??', [schema]);
  await knex.raw(`comment on schema ?? is '${OURS}'`, [schema]);
}

/** Our migration tables; the schema with them when we made it and nothing of somebody else lies in it. */
async function dropEmptied(knex: HostTransaction, schema: string): Promise<void> {
  for (const table of ['migration', 'migration_lock']) await knex.raw('drop table ??.??', [schema, table]);
  const { rows } = await knex.raw(
    `select 1 from pg_namespace as n where nspname = ? and obj_description(n.oid, 'pg_namespace') = ?
     and not exists (select from pg_depend where refclassid = 'pg_namespace'::regclass and refobjid = n.oid)`,
    [schema, OURS],
  );
  if (rows.length > 0) await knex.raw('drop schema ??', [schema]);
}

/** A folder of the package, found from the sources as from the compiled files. */
function migrationsFolder(): string {
  const candidates = ['../../migrations/', '../../../migrations/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return candidates.find((folder) => existsSync(folder)) ?? '';
}

/** As knex takes it for `migrationSource`. */
async function sourceOf(names: Names) {
  const folder = migrationsFolder();
  const files = (await readdir(folder)).filter((file) => file.endsWith('.js')).sort();
  return {
    getMigrations: async () => files,
    getMigrationName: (file: string) => file,
    async getMigration(file: string) {
      const module: MigrationModule = await import(pathToFileURL(`${folder}${file}`).href);
      return {
        up: (knex: HostTransaction) => module.up(knex, names),
        down: (knex: HostTransaction) => module.down(knex, names),
      };
    },
  };
}
