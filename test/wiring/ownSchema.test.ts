import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import createKnex, { type Knex } from 'knex';
import { AgendaQueue } from '../../plugin/job/agendaQueue.ts';
import type { JobQueue } from '../../plugin/job/JobQueue.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { migrate } from '../../plugin/record/database/migrate.ts';
import { sharedQueueName } from '../../plugin/wiring/openQueue.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { listenOn } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const RESOURCE = { kind: 'resource', resourceId: 'r1' } as const;

describe('an archiver in a schema of its own', () => {
  let database: TestDatabase;
  let folder = '';
  let stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    stops = [];
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'archiver-schema-'));
  });
  afterEach(async () => {
    for (const stop of stops.reverse()) await stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** `ran` names the queue whenever it runs a job; without it the queue runs none. */
  async function openQueue(schema: string, ran: string[] | null): Promise<JobQueue> {
    const names = { schema, queueName: NAMES.queueName };
    const queue = new AgendaQueue({
      ...names,
      sharedName: sharedQueueName(names),
      mongodbUrl: null,
      connection: database.url,
      listen: listenOn(database.url),
      pollMs: 50,
      concurrency: 2,
      logger: SILENT,
    });
    const handlers = { resource: async () => void ran?.push(schema), host: async () => null };
    stops.push(() => queue.stop(1000));
    await queue.start(ran && handlers);
    return queue;
  }

  /** Tables and views named so, as `schema kind`. */
  async function placesOf(name: string): Promise<string[]> {
    const { rows } = await database.knex.raw(
      `select n.nspname || ' ' || c.relkind::text as place from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
       where c.relname = ? order by 1`,
      [name],
    );
    return rows.map(({ place }: { place: string }) => place);
  }

  it('takes no job of another archiver on the same database', async () => {
    for (const schema of ['one', 'other']) await database.knex.raw('create schema ??', [schema]);
    const ran: string[] = [];
    const one = await openQueue('one', null);
    const other = await openQueue('other', ran);
    await one.add([RESOURCE]);
    await other.add([RESOURCE]);
    await until(() => ran.length > 0);
    await until(async () => (await other.counts()).running === 0);
    assert.deepEqual([ran, await one.counts()], [['other'], { waiting: 1, running: 0, failed: 0 }]);
  });

  it('names what archivers share on a MongoDB by the schema, and keeps the name that it always had', () => {
    assert.equal(sharedQueueName({ schema: 'archiver', queueName: 'archiver_jobs' }), 'archiver_jobs');
    assert.equal(sharedQueueName({ schema: 'other', queueName: 'archiver_jobs' }), 'other.archiver_jobs');
  });

  it('moves the table of an earlier version with its jobs, while a worker of that version goes on', async () => {
    await createPortalTables(database.knex);
    const ran: string[] = [];
    const earlier = await openQueue('public', ran);
    const later = new Date(Date.now() + 3600_000);
    await earlier.add([{ kind: 'resource', resourceId: 'waits' }], later);
    await migrate(database.knex, NAMES, 'up');
    assert.deepEqual(await placesOf('archiver_jobs'), ['archiver r', 'public v']);
    const now = await openQueue('archiver', null);
    assert.equal((await now.counts()).waiting, 1);
    await now.add([RESOURCE]);
    await until(() => ran.length === 1);
    await earlier.add([RESOURCE]);
    await until(() => ran.length === 2);
    await until(async () => (await now.counts()).running === 0);
    assert.deepEqual(await now.counts(), { waiting: 1, running: 0, failed: 0 });
    await assert.rejects(
      database
        .knex('archiver_jobs')
        .insert([1, 2].map(() => ({ name: 'archive-resource', data: { resourceId: 'x' }, next_run_at: later }))),
      { code: '23505' },
    );
  });

  it('leaves the table of another archiver where it is', async () => {
    await createPortalTables(database.knex);
    await database.knex.raw('create schema other');
    await migrate(database.knex, { ...NAMES, schema: 'other' }, 'up');
    await openQueue('other', null);
    await migrate(database.knex, NAMES, 'up');
    assert.deepEqual(await placesOf('archiver_jobs'), ['other r']);
  });

  it('takes its queue along when it goes, with the view for the version before', async () => {
    await createPortalTables(database.knex);
    const earlier = await openQueue('public', null);
    await migrate(database.knex, NAMES, 'up');
    await earlier.stop(1000);
    await migrate(database.knex, NAMES, 'down');
    assert.deepEqual(await placesOf('archiver_jobs'), []);
    const left = await database.knex.raw(
      `select p.proname from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where nspname in ('public', 'archiver')
       union all select nspname from pg_namespace where nspname = 'archiver'`,
    );
    assert.deepEqual(left.rows, []);
  });

  describe('with a role of few rights', () => {
    let role = '';
    let restricted: Knex;

    beforeEach(async () => {
      const { knex } = database;
      role = `few_${randomBytes(4).toString('hex')}`;
      await createPortalTables(knex);
      await knex.raw(
        'create schema portal; alter table resource set schema portal; alter table package set schema portal',
      );
      await knex.raw('revoke all on schema public from public');
      await knex.raw(`create role ${role} login password 'few'`);
      const url = new URL(database.url);
      Object.assign(url, { username: role, password: 'few' });
      restricted = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 8 } });
      stops.push(async () => {
        await restricted.destroy();
        await knex.raw(`drop owned by ${role} cascade; drop role ${role}`);
      });
    });

    function archiver() {
      const tables = { resource: { table: 'portal.resource' }, dataset: { table: 'portal.package' } };
      const made = createArchiver({ environment: {} });
      made.register(testPortal({ knex: restricted, settings: { folder, threads: 1 }, tables }));
      stops.push(() => made.stop());
      return made;
    }

    /** Gives what each failed start asks for, until one goes well; answers what was asked for, start by start. */
    async function rightsAskedFor(): Promise<string[][]> {
      const asked: string[][] = [];
      for (let tried = 0; tried < 5; tried++) {
        const error = await archiver()
          .start()
          .then(() => null, String);
        if (error === null) return asked;
        const lines = error.replace('ArchiverError: ', '').split('\n');
        asked.push(lines.map((line) => line.replace(/: (GRANT|ALTER) .*/, '').replaceAll(role, 'few')));
        for (const line of lines)
          await database.knex.raw(line.replace(/^.*?: (?=GRANT|ALTER)/, '').replace(/, or .*/, ''));
      }
      return asked;
    }

    const ON_HOST = [
      "The database role few lacks USAGE on the schema portal of the portal's table portal.resource",
      "The database role few lacks SELECT on id, package_id, url, name, format, url_type, hash, size, mimetype of the portal's table portal.resource",
      "The database role few lacks UPDATE on hash, size, mimetype of the portal's table portal.resource",
      "The database role few lacks USAGE on the schema portal of the portal's table portal.package",
      "The database role few lacks SELECT on id, name, title, private of the portal's table portal.package",
    ];

    it('names all rights that it lacks with what gives them, and starts as soon as they are given', async () => {
      assert.deepEqual(await rightsAskedFor(), [
        [
          ...ON_HOST,
          'The database role few may not make the schema archiver',
          "Only postgres, who owns the portal's table portal.resource, may add cache_url and cache_last_updated to it",
        ],
      ]);
      assert.deepEqual(await placesOf('archiver_jobs'), ['archiver r']);
    });

    it('needs no right to migrate where somebody else did', async () => {
      const { knex } = database;
      await migrate(knex, { ...NAMES, resourceTable: 'portal.resource' }, 'up');
      await openQueue('archiver', null);
      const onColumns = ON_HOST.map((line) =>
        line.replace('mimetype of', 'mimetype, cache_url, cache_last_updated of'),
      );
      const asked = await rightsAskedFor();
      const { rows } = await knex.raw(
        `select string_agg(relname, ', ' order by relname) as tables from pg_class where relkind = 'r' and relnamespace = 'archiver'::regnamespace`,
      );
      assert.deepEqual(asked, [
        [...onColumns, 'The database role few lacks USAGE on the schema archiver'],
        [`The database role few lacks SELECT, INSERT, UPDATE or DELETE on ${rows[0].tables} in the schema archiver`],
      ]);
    });
  });
});
