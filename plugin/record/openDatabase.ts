import createKnex, { type Knex } from 'knex';
import { ArchiverError } from '../errors.ts';
import type { Database } from './Database.ts';
import { databaseFailed } from './databaseFailed.ts';

/** A pool of our own, for when the host hands no knex over. Closed by whoever opened it. */
export function openDatabase(databaseUrl: string | null): Knex {
  if (!databaseUrl) {
    throw new ArchiverError('settings-invalid', 'The portal hands over no database, and DATABASE_URL is not set.');
  }
  return createKnex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 20 } });
}

export function databaseOf(knex: Knex, schema: string): Database {
  const guard: Database['guard'] = async (doing, work) => {
    try {
      return await work();
    } catch (error) {
      throw databaseFailed(doing, error);
    }
  };
  return {
    knex,
    schema,
    guard,
    rows: (doing, sql, bindings = {}, on = knex) =>
      guard(doing, async () => (await on.raw(sql, { schema, ...bindings })).rows),
  };
}
