import createKnex from 'knex';
import { ArchiverError } from '../../errors.ts';
import type { HostDatabase, HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from './Database.ts';
import { databaseFailed, isCollision } from './databaseFailed.ts';
import { OWN_TYPES } from './ownTypes.ts';

/** What fails is thrown and told once; knex would write it to standard output as well, with its stack. */
const SILENT = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

/** A pool of our own, for when the host hands no knex over. The caller closes it. */
export function openDatabase(databaseUrl: string | null): HostDatabase {
  if (!databaseUrl) {
    throw new ArchiverError('settings-invalid', 'The portal hands over no database, and DATABASE_URL is not set.');
  }
  return createKnex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 20 }, log: SILENT });
}

/** Two that wait for each other: PostgreSQL ended one of them, whose work is to be done again. */
const TRIES = 4;

/** What the tables are given, on this pool and in this schema. */
export function databaseOf(knex: HostDatabase, schema: string): Database {
  const guard: Database['guard'] = async (doing, work) => {
    for (let tried = 1; ; tried++) {
      try {
        return await work();
      } catch (error) {
        if (tried === TRIES || !isCollision(error)) throw databaseFailed(doing, error);
      }
    }
  };
  return {
    knex,
    schema,
    guard,
    async rows<Row>(
      doing: string,
      sql: string,
      bindings: Readonly<Record<string, unknown>> = {},
      on: HostTransaction = knex,
    ) {
      const run = async () =>
        (await on.raw<{ rows: Row[] }>(sql, { schema, ...bindings }).options({ types: OWN_TYPES })).rows;
      if (on === knex) return guard(doing, run);
      // After an error a transaction takes nothing more: its owner begins it again.
      return run().catch((error: unknown) => {
        throw databaseFailed(doing, error);
      });
    },
  };
}
