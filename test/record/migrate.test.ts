import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { migrate } from '../../plugin/record/database/migrate.ts';
import { COMMAND } from '../support/command.ts';
import { readJson } from '../support/manifest.ts';
import { createHostTable, NAMES } from '../support/migratedDatabase.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

describe('migrations', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await freshDatabase();
  });
  afterEach(() => database.drop());

  async function columns(table: string, schema = 'public'): Promise<Record<string, string>> {
    const { rows } = await database.knex.raw(
      'select column_name, data_type from information_schema.columns where table_schema = ? and table_name = ?',
      [schema, table],
    );
    return Object.fromEntries(rows.map((row: Record<string, string>) => [row['column_name'], row['data_type']]));
  }

  async function tables(schema: string): Promise<string[]> {
    const { rows } = await database.knex.raw(
      'select table_name from information_schema.tables where table_schema = ? order by 1',
      [schema],
    );
    return rows.map((row: Record<string, string>) => row['table_name']);
  }

  it('makes the tables that the manifest names, and no others', async () => {
    const { database: named }: { database: { schema: string; tables: string[] } } = Object(readJson('plugin.json'));
    await createHostTable(database.knex);
    await migrate(database.knex, { ...NAMES, schema: named.schema }, 'up');
    const made = (await tables(named.schema)).filter((table) => !table.startsWith('migration'));
    assert.deepEqual(made, named.tables);
  });

  it('adds cache_url and cache_last_updated to the host’s table, and takes them away again', async () => {
    const { knex } = database;
    await createHostTable(knex);
    const before = await columns('resource');
    await migrate(knex, NAMES, 'up');
    assert.deepEqual(await columns('resource'), {
      ...before,
      cache_url: 'text',
      cache_last_updated: 'timestamp with time zone',
    });
    await migrate(knex, NAMES, 'down');
    assert.deepEqual(await columns('resource'), before);
    assert.deepEqual(await tables('archiver'), []);
    await migrate(knex, NAMES, 'up');
    assert.equal((await columns('resource'))['cache_url'], 'text');
  });

  it('lets nobody wait behind it for a table that another session holds, and says which', async () => {
    const { knex } = database;
    await createHostTable(knex);
    const holder = await knex.transaction();
    await holder.raw("set local application_name = 'a report'");
    await holder('resource').select('id');
    const waited: string[] = [];
    const read: unknown[] = [];
    const migrated = migrate(knex, NAMES, 'up', {
      async pause(what) {
        waited.push(what);
        // While it waits for the table and between its tries the portal goes on.
        read.push(...(await knex('resource').select('id').limit(1)), 'read');
        if (waited.length === 2) await holder.commit();
      },
    });
    assert.ok((await migrated).length > 0);
    assert.equal(read.length, 2);
    assert.match(
      waited[0] ?? '',
      /^a lock on the portal's or the archiver's tables, held by process \d+ \("a report", idle in/,
    );
    assert.equal((await columns('resource'))['cache_url'], 'text');
  });

  it('leaves a column that the host had before, and what is in it', async () => {
    const { knex } = database;
    await createHostTable(knex);
    await knex.schema.alterTable('resource', (table) => void table.text('cache_url'));
    await knex('resource').insert({ id: 'r1', cache_url: 'https://data.example/old.csv' });
    await migrate(knex, NAMES, 'up');
    await migrate(knex, NAMES, 'down');
    assert.deepEqual(Object.keys(await columns('resource')).sort(), ['cache_url', 'id', 'package_id', 'url']);
    assert.deepEqual(await knex('resource').pluck('cache_url'), ['https://data.example/old.csv']);
  });

  it('drops no table and no schema of the host, even where it shares one', async () => {
    const { knex } = database;
    await createHostTable(knex);
    await knex.schema.createTable('knex_migrations', (table) => void table.text('name'));
    const shared = { ...NAMES, schema: 'public' };
    await migrate(knex, shared, 'up');
    assert.ok((await tables('public')).includes('archival'));
    await migrate(knex, shared, 'down');
    assert.deepEqual(await tables('public'), ['knex_migrations', 'resource']);
  });

  it('leaves a schema of its own behind in which the host put something', async () => {
    const { knex } = database;
    await createHostTable(knex);
    await migrate(knex, NAMES, 'up');
    await knex.raw('create table archiver.notes (text text)');
    await migrate(knex, NAMES, 'down');
    assert.deepEqual(await tables('archiver'), ['notes']);
    await knex.raw('drop table archiver.notes');
    await migrate(knex, NAMES, 'up');
    await migrate(knex, NAMES, 'down');
    const { rows } = await knex.raw(`select from pg_namespace where nspname = 'archiver'`);
    assert.equal(rows.length, 0);
  });

  it('keeps its own table of migrations, apart from that of the host', async () => {
    const { knex } = database;
    await createHostTable(knex);
    await knex.schema.createTable('knex_migrations', (table) => void table.text('name'));
    await knex('knex_migrations').insert({ name: '001_host.js' });
    await migrate(knex, NAMES, 'up');
    assert.deepEqual(await knex('knex_migrations').pluck('name'), ['001_host.js']);
    const own: string[] = await knex.withSchema('archiver').from('migration').orderBy('id').pluck('name');
    assert.equal(own[0], '001_archive.js');
    await migrate(knex, NAMES, 'up');
    assert.deepEqual(await knex.withSchema('archiver').from('migration').orderBy('id').pluck('name'), own);
  });

  it('gives task_status the columns of CKAN, and one row an entity, task and key', async () => {
    const { knex } = database;
    await createHostTable(knex);
    await migrate(knex, NAMES, 'up');
    assert.deepEqual(await columns('task_status', 'archiver'), {
      id: 'text',
      entity_id: 'text',
      entity_type: 'text',
      task_type: 'text',
      key: 'text',
      value: 'text',
      state: 'text',
      error: 'text',
      last_updated: 'timestamp with time zone',
    });
    const row = { entity_id: 'r1', entity_type: 'resource', task_type: 'archiver', key: 'status', value: '{}' };
    const statuses = () => knex.withSchema('archiver').from('task_status');
    await statuses().insert(row);
    await statuses().insert({ ...row, key: 'other' });
    await assert.rejects(statuses().insert(row), { code: '23505' });
  });

  it('agrees when eight processes start at once', async () => {
    const { knex, url } = database;
    await createHostTable(knex);
    const ends = await Promise.all(Array.from({ length: 8 }, () => migrateElsewhere(url)));
    assert.deepEqual(
      ends.map(({ code }) => code),
      ends.map(() => 0),
    );
    const said = ends.flatMap(({ errors }) => errors.split('\n')).filter(Boolean);
    assert.deepEqual(
      said.filter((line) => !/"the start waits for another process that migrates the archiver's tables"/.test(line)),
      [],
    );
    assert.equal((await columns('resource'))['cache_url'], 'text');
    const names: string[] = await knex.withSchema('archiver').from('migration').pluck('name');
    assert.equal(new Set(names).size, names.length);
  });
});

async function migrateElsewhere(url: string): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [...COMMAND, 'migrate', 'up'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], DATABASE_URL: url },
  });
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, errors };
}
