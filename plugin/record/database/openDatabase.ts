import { setTimeout as wait } from 'node:timers/promises';
import createKnex from 'knex';
import { COLLISION_TRIES, collisionDelay } from '../../decide/collisionDelay.ts';
import { ArchiverError } from '../../errors.ts';
import type { HostDatabase, HostTransaction } from '../../portal/HostDatabase.ts';
import { connectionFrom } from './connectionFrom.ts';
import type { Database } from './Database.ts';
import { databaseFailed, isAboutRows, isCollision, isReadOnly } from './databaseFailed.ts';
import { LeftBehind } from './leftBehind.ts';
import { OWN_TYPES } from './ownTypes.ts';

/** What fails is thrown and told once; knex would write it to standard output as well, with its stack. */
const SILENT = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

/** A pool of our own, for when the host hands no knex over. The caller closes it. */
export function openDatabase(databaseUrl: string | null): HostDatabase {
  if (!databaseUrl) {
    throw new ArchiverError('settings-invalid', 'The portal hands over no database, and DATABASE_URL is not set.');
  }
  return createKnex({
    client: 'pg',
    connection: connectionFrom(databaseUrl, 'DATABASE_URL'),
    pool: { min: 0, max: 20 },
    log: SILENT,
  });
}

/** What the tables are given, on this pool and in this schema. */
export function databaseOf(knex: HostDatabase, schema: string): Database {
  const leftBehind = new LeftBehind(knex);
  const mayPass = async (error: unknown) => isCollision(error) || (isReadOnly(error) && (await leftBehind.drop()));
  let refusedAt = Number.NEGATIVE_INFINITY;
  const guard: Database['guard'] = async (doing, work) => {
    for (let tried = 1; ; tried++) {
      try {
        return await work();
      } catch (error) {
        if (isReadOnly(error) || !isAboutRows(error)) refusedAt = performance.now();
        if (tried === COLLISION_TRIES || !(await mayPass(error))) throw databaseFailed(doing, error);
        await wait(collisionDelay(tried, Math.random()));
      }
    }
  };
  return {
    knex,
    schema,
    guard,
    servedMs: () => performance.now() - refusedAt,
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
