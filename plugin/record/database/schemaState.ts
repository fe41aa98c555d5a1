import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ArchiverError } from '../../errors.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import { databaseFailed } from './databaseFailed.ts';

/** Our migrations in a database, beside those that this version brings; each by its file's name. */
export interface SchemaState {
  readonly applied: readonly string[];
  /** Known here, not run there: the tables are older. */
  readonly pending: readonly string[];
  /** Run there, not known here: the tables are of a newer version. */
  readonly unknown: readonly string[];
  /** The last that this version brings. */
  readonly newest: string;
}

/** A folder of the package, found from the sources as from the compiled files. */
export function migrationsFolder(): string {
  const candidates = ['../../migrations/', '../../../migrations/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return candidates.find((folder) => existsSync(folder)) ?? '';
}

/** The migrations that this version brings, in their order. */
export async function knownMigrations(): Promise<readonly string[]> {
  return (await readdir(migrationsFolder())).filter((file) => file.endsWith('.js')).sort();
}

/** Only reads; where nothing was ever migrated, all is pending. Throws `ArchiverError('database-failed')`. */
export async function schemaState(knex: HostTransaction, schema: string): Promise<SchemaState> {
  const known = await knownMigrations();
  const applied = await appliedMigrations(knex, schema);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
    newest: known.at(-1) ?? '',
  };
}

async function appliedMigrations(knex: HostTransaction, schema: string): Promise<readonly string[]> {
  try {
    const { rows } = await knex.raw(
      `select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where n.nspname = ? and c.relname = 'migration'`,
      [schema],
    );
    if (rows.length === 0) return [];
    const applied = await knex.raw<{ rows: { name: string }[] }>('select name from ??.migration order by name', [
      schema,
    ]);
    return applied.rows.map(({ name }) => name);
  } catch (error) {
    throw databaseFailed('looking at the version of the archiver’s tables', error);
  }
}

/** What both sides have, in one sentence with the way out; null where they are the same. `here` names this version. */
export function schemaMismatch(state: SchemaState, schema: string, here = 'this version'): string | null {
  const { applied, pending, unknown } = state;
  const tables = `The archiver's tables in the schema ${schema}`;
  if (unknown.length > 0)
    return `${tables} are at ${namesOf(unknown)}, ${here} knows them up to ${nameOf(state.newest)}: use the newer version.`;
  if (pending.length === 0) return null;
  const there = applied.length === 0 ? 'are not made yet' : `are at ${nameOf(applied.at(-1) ?? '')}`;
  return `${tables} ${there}, ${here} needs ${namesOf(pending)}: start it in the portal or as a worker, or run portal-archiver migrate up.`;
}

/**
 * For a process that migrates nothing: older tables lack what it reads, so it throws `ArchiverError('schema-mismatch')` with the
 * sentence of {@link schemaMismatch}; newer ones have it still, so it answers the sentence. null: they are the same.
 */
export async function requireReadable(knex: HostTransaction, schema: string, here: string): Promise<string | null> {
  const state = await schemaState(knex, schema);
  const mismatch = schemaMismatch(state, schema, here);
  if (mismatch !== null && state.pending.length > 0) throw new ArchiverError('schema-mismatch', mismatch);
  return mismatch;
}

const nameOf = (file: string): string => file.replace(/\.js$/, '');

const namesOf = (files: readonly string[]): string =>
  files.length > 3 ? `${nameOf(files[0] ?? '')} to ${nameOf(files.at(-1) ?? '')}` : files.map(nameOf).join(', ');
