import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { codeBlocks, PAGES } from '../support/docs/codeBlocks.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';

const blocks = PAGES.flatMap(codeBlocks).filter(({ language }) => language === 'sql');

/** A portal as the page of operation describes it: tables in a schema `portal`, without what the archiver adds. */
const PORTAL = `create schema portal
  create table package (id text primary key, name text not null, title text, private boolean not null default false)
  create table resource (id text primary key, package_id text not null, url text not null, name text, hash text, size bigint, mimetype text)
  create table "group" (id text primary key, name text, title text)
  create table member (id text primary key, table_name text, table_id text, group_id text)`;

describe('the statements in the documents', () => {
  let database: TestDatabase;
  before(async () => {
    database = await freshDatabase();
    await database.knex.raw(PORTAL);
  });
  after(() => database.drop());

  it('give roles their rights, those of the tables once these are there', async () => {
    assert.equal(blocks.length, 2);
    const { knex, url } = database;
    const name = new URL(url).pathname.slice(1);
    const [grants, afterMigration] = blocks.map(({ text }) => text.replace('DATABASE portal', `DATABASE "${name}"`));
    await knex.transaction(async (transaction) => {
      // Roles belong to the whole server: what is rolled back is nobody else's.
      await transaction.raw('create role archiver; create role worker');
      await transaction.raw(grants ?? '');
      await transaction.rollback();
    });
    const environment = {
      DATABASE_URL: url,
      ARCHIVER_RESOURCE_TABLE: 'portal.resource',
      ARCHIVER_DATASET_TABLE: 'portal.package',
    };
    const migrated = await runCommand(['migrate', 'up'], { environment });
    assert.deepEqual([migrated.exitCode, migrated.errors], [0, '']);
    await knex.transaction(async (transaction) => {
      await transaction.raw('create role worker');
      await transaction.raw(afterMigration ?? '');
      const { rows } = await transaction.raw(
        `select has_table_privilege('worker', 'archiver.archival', 'select, insert, update, delete') as may`,
      );
      assert.deepEqual(rows, [{ may: true }]);
      await transaction.rollback();
    });
  });
});
