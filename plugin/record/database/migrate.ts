import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ArchiverError, codeOf } from '../../errors.ts';
import type { StartWait } from '../../model/startWait.ts';
import type { HostDatabase, HostTransaction } from '../../portal/HostDatabase.ts';
import type { Config } from '../../settings/Config.ts';
import { databaseFailed } from './databaseFailed.ts';
import { lockHolder } from './lockHolder.ts';
import { knownMigrations, migrationsFolder, schemaMismatch, schemaState } from './schemaState.ts';

/** Where our tables lie, and what of the host and of the queue the migrations touch. */
export type Names = Pick<Config, 'schema' | 'resourceTable' | 'queueName'>;

interface MigrationModule {
  up(knex: HostTransaction, names: Names): Promise<void>;
  down(knex: HostTransaction, names: Names): Promise<void>;
}

/** Any number, the same for all processes of one database: the key of our advisory lock. */
const LOCK_KEY = 0x41_52_43_48;
const TRY_EVERY_MS = 250;

const UNINSTALLING =
  'The archiver is being uninstalled by another process: nothing is started or migrated until that has ended.';

/**
 * What a migration waits for a table, and how long it then lets the others have it: all who come for that table, the portal's own
 * pages too, wait behind a change that waits.
 */
const LOCK_TIMEOUT_MS = 1000;
const LOCK_PAUSE_MS = 5000;
const LOCK_NOT_AVAILABLE = '55P03';

/** `waitsFor`: nothing was changed, and it is tried again after a pause. */
type Moved = { readonly ran: readonly string[] } | { readonly waitsFor: string; readonly againMs: number };

/**
 * Brings our tables to the newest state, or takes them all away (`down`). All in one transaction under an advisory lock,
 * in a migration table of our own (knex's default is the host's). Where somebody holds a table, all is undone and tried again
 * after a pause. Answers the migrations that ran.
 * Throws `ArchiverError('database-failed')`, and `schema-mismatch` where a newer version made the tables.
 */
export async function migrate(
  knex: HostDatabase,
  names: Names,
  direction: 'up' | 'down',
  wait: Pick<StartWait, 'pause'> = { pause: (_, ms = TRY_EVERY_MS) => setTimeout(ms) },
): Promise<readonly string[]> {
  try {
    for (;;) {
      const moved = await moveOnce(knex, names, direction);
      if ('ran' in moved) return moved.ran;
      await wait.pause(moved.waitsFor, moved.againMs);
    }
  } catch (error) {
    throw databaseFailed('migrating the archiver’s tables', error);
  }
}

async function moveOnce(knex: HostDatabase, names: Names, direction: 'up' | 'down'): Promise<Moved> {
  try {
    const ran = await knex.transaction((transaction) => moveLocked(transaction, names, direction));
    return ran ? { ran } : { waitsFor: "another process that migrates the archiver's tables", againMs: TRY_EVERY_MS };
  } catch (error) {
    if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    return { waitsFor: await lockHolder(knex, names), againMs: LOCK_PAUSE_MS };
  }
}

/** null: another process is at it. Nobody waits within the transaction, where nothing could end the waiting. */
async function moveLocked(
  transaction: HostTransaction,
  names: Names,
  direction: 'up' | 'down',
): Promise<readonly string[] | null> {
  const sql = 'select from pg_try_advisory_xact_lock(?) as t (taken) where taken';
  if ((await transaction.raw(sql, [LOCK_KEY])).rows.length === 0) return null;
  await transaction.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`, []);
  await requireNotNewer(transaction, names.schema);
  if (direction === 'up') await refuseWhileUninstalling(transaction, names.schema);
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

async function requireNotNewer(knex: HostTransaction, schema: string): Promise<void> {
  const state = await schemaState(knex, schema);
  const mismatch = state.unknown.length > 0 ? schemaMismatch(state, schema) : null;
  if (mismatch !== null) throw new ArchiverError('schema-mismatch', mismatch);
}

/** Nor is anything made again that was dropped a moment ago: the tables are the last that goes. */
async function refuseWhileUninstalling(knex: HostTransaction, schema: string): Promise<void> {
  const leases = await knex.raw(
    `select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = ? and c.relname = 'named_lease'`,
    [schema],
  );
  if (leases.rows.length === 0) return;
  const sql = `select from ??.named_lease where name = 'uninstall' and until >= clock_timestamp()`;
  if ((await knex.raw(sql, [schema])).rows.length > 0) throw new ArchiverError('uninstalling', UNINSTALLING);
}

/** As knex takes it for `migrationSource`. */
async function sourceOf(names: Names) {
  const folder = migrationsFolder();
  const files = await knownMigrations();
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
