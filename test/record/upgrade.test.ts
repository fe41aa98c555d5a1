import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'node:test';
import { PostgresJobRepository } from '@agendajs/postgres-backend';
import pg from 'pg';
import { migrate } from '../../plugin/record/database/migrate.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables } from '../support/testPortal.ts';

interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Every statement that a worker with the migrations 001 to 005 sends while it archives for requests and for a sweep,
 * retries, records what is gone, tells webhooks and forgets a resource; recorded from one that ran, each once.
 */
const FIXTURE = new URL('../fixtures/upgrade/statements.json', import.meta.url);

describe('a worker of the version before', () => {
  let database: TestDatabase;
  afterEach(() => database.drop());

  /** As that version left it. */
  async function queueOfThatVersion(pool: pg.Pool): Promise<void> {
    await new PostgresJobRepository({ pool, tableName: 'archiver_jobs' }).connect();
    await pool.query(
      `comment on table archiver_jobs is 'Jobs of portal-archiver, made by @agendajs/postgres-backend 3.0.6'`,
    );
  }

  it('goes on while the tables are brought to the newest state: they take each of its statements', async () => {
    database = await freshDatabase();
    const { knex, url } = database;
    await createPortalTables(knex);
    await addResource(knex, 'r1', 'http://127.0.0.1:8080/r1.csv');
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    try {
      await queueOfThatVersion(pool);
      await migrate(knex, loadConfig({ environment: {} }), 'up');
      const statements: readonly Statement[] = JSON.parse(await readFile(FIXTURE, 'utf8'));
      assert.ok(statements.length > 50);
      const refused: string[] = [];
      for (const { sql, values } of statements)
        await pool.query(sql, [...values]).catch((error: Error) => refused.push(`${error.message}: ${sql}`));
      assert.deepEqual(refused, []);
    } finally {
      await pool.end();
    }
    // What it wrote is what this version reads.
    const records = recordsIn(knex);
    const [archival, copies, status] = await Promise.all([
      records.archivals.get('r1'),
      records.copies.listByResource('r1'),
      records.taskStatus.get('r1'),
    ]);
    assert.deepEqual(
      [archival?.code, archival?.broken, copies.length, status?.state],
      ['archived', false, 1, 'success'],
    );
  });
});
