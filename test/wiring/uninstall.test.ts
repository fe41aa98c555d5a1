import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { closedPort } from '../support/closedPort.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { runCommand } from '../support/runCommand.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';
import { Fleet } from '../support/workers.ts';

const mongodb = await testMongodb();
after(async () => {
  if (!('missing' in mongodb)) await mongodb.stop();
});

describe('uninstalling', () => {
  let database: TestDatabase;
  let folder = '';

  before(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-uninstall-'));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function archiverWith(settings: Readonly<Record<string, unknown>>) {
    const archiver = createArchiver({ environment: {} });
    archiver.register(testPortal({ knex: database.knex, settings: { folder, threads: 1, ...settings } }));
    return archiver;
  }

  async function ourNames(): Promise<string[]> {
    const { rows } = await database.knex.raw(
      `select relname as name from pg_class where relname like 'archiver%' or relnamespace = to_regnamespace('archiver')
       union all select nspname from pg_namespace where nspname = 'archiver'
       union all select attname::text from pg_attribute where attname in ('cache_url', 'cache_last_updated') and not attisdropped
       union all select proname from pg_proc where proname like 'update_archiver%'`,
    );
    return rows.map(({ name }: { name: string }) => name);
  }

  it('stops what runs, leaves nothing in the database, and can be followed by a new start', async () => {
    const archiver = archiverWith({});
    await archiver.start();
    const { rowCount } = await database.knex.raw(`select from archiver.archiver_jobs`);
    assert.equal(rowCount, 0);
    await until(() => existsSync(join(folder, '.portal-archiver.json')));
    assert.deepEqual(await archiver.uninstall(), { copies: [], places: [folder], left: [] });
    assert.deepEqual(await ourNames(), []);
    assert.equal(existsSync(join(folder, '.portal-archiver.json')), false);
    await assert.rejects(archiver.archive.overview(), { code: 'not-started' });
    assert.deepEqual(await archiver.uninstall(), { copies: [], places: [folder], left: [] });
    await archiver.start();
    await archiver.uninstall();
  });

  it('leaves the mark of another archiver that has the store', async () => {
    const archiver = archiverWith({});
    await archiver.start();
    await until(() => existsSync(join(folder, '.portal-archiver.json')));
    await archiver.stop();
    const mark = JSON.stringify({ owner: 'another', token: 'x', contested: false });
    await writeFile(join(folder, '.portal-archiver.json'), mark);
    assert.deepEqual((await archiver.uninstall()).left, []);
    assert.equal(await readFile(join(folder, '.portal-archiver.json'), 'utf8'), mark);
    await rm(join(folder, '.portal-archiver.json'));
  });

  it('takes its collection out of MongoDB, and that of no other archiver', {
    skip: 'missing' in mongodb && mongodb.missing,
  }, async () => {
    if ('missing' in mongodb) return;
    const client = await MongoClient.connect(mongodb.url);
    try {
      const [own, other] = [{}, { schema: 'other' }].map((settings) =>
        archiverWith({ mongodbUrl: mongodb.url, ...settings }),
      );
      await own?.start();
      await other?.start();
      const named = async () => (await client.db().listCollections().toArray()).map(({ name }) => name).sort();
      assert.deepEqual(await named(), ['archiver_jobs', 'other.archiver_jobs']);
      assert.deepEqual((await own?.uninstall())?.left, []);
      assert.deepEqual(await named(), ['other.archiver_jobs']);
      await other?.uninstall();
      assert.deepEqual(await named(), []);
    } finally {
      await client.close();
    }
  });
});

describe('uninstalling while other processes work', () => {
  let database: TestDatabase;
  let folder = '';
  let running: Archiver[] = [];
  let warned: string[] = [];

  beforeEach(async () => {
    [running, warned] = [[], []];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-uninstall-'));
  });
  afterEach(async () => {
    for (const archiver of running) await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function archiver(): Archiver {
    const made = createArchiver({ environment: {} });
    const warn = (_: object, message: string) => void warned.push(message);
    const logger = { ...SILENT, warn, error: warn };
    made.register(testPortal({ knex: database.knex, settings: { folder, threads: 1 }, logger }));
    running.push(made);
    return made;
  }

  async function isInstalled(): Promise<boolean> {
    const { rows } = await database.knex.raw(`select to_regnamespace('archiver') is not null as installed`);
    return rows[0].installed;
  }

  /** Of somebody who does not answer, until then. */
  const note = (name: string, owner: string) =>
    database.knex('archiver.named_lease').insert({ name, owner, until: new Date(Date.now() + 600_000) });

  it('stops two worker processes, which say so in one line and end with 0, also where MongoDB is away by then', async () => {
    const variables = { ARCHIVER_FOLDER: folder };
    const fleet = new Fleet({ databaseUrl: database.url, mongodbUrl: null, variables });
    try {
      const workers = await fleet.spawnMany(2);
      const web = archiver();
      await web.start({ roles: ['web'] });
      const environment = {
        ...variables,
        DATABASE_URL: database.url,
        ARCHIVER_MONGODB_URL: `mongodb://127.0.0.1:${await closedPort()}/archiver`,
      };
      const { exitCode, output, errors } = await runCommand(['uninstall', '--yes', '--json'], { environment });
      assert.match(
        errors,
        /^waiting for other processes to stop: process \d+ on [^,]+, process \d+ on [^,]+, process \d+ on /,
      );
      const { left } = JSON.parse(output);
      assert.deepEqual([exitCode, left.length], [1, 1]);
      assert.match(left[0], /in MongoDB could not be dropped/);
      assert.deepEqual(await Promise.all(workers.map(({ ended }) => ended)), [0, 0]);
      for (const { said } of workers)
        assert.equal(said().split('the archiver is being uninstalled: this process stops').length, 2, said());
      assert.ok(warned.includes('the archiver is being uninstalled: this process stops'));
      await assert.rejects(web.archive.overview(), { code: 'not-started' });
      assert.equal(await isInstalled(), false);
    } finally {
      await fleet.end();
    }
  });

  it('gives up in time where somebody does not stop, names them, drops nothing, and lets everybody start again', async () => {
    await archiver().start();
    await note('process other 4711 x', 'other 4711 x');
    await assert.rejects(archiver().uninstall({ timeoutMs: 0, onWait: (said) => void warned.push(said) }), {
      code: 'in-use',
      message:
        /^Nothing was dropped: after 0 s there is still (?=.*process \d+ on).*process 4711 on other\b.*\. Stop them/,
    });
    assert.equal(await isInstalled(), true);
    await archiver().start();
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: folder };
    const down = await runCommand(['migrate', 'down', '--yes', '--timeout', '0'], { environment });
    assert.deepEqual([down.exitCode, /process 4711 on other/.test(down.errors)], [1, true]);
    assert.equal(await isInstalled(), true);
  });

  it('waits for leases too, by which workers of a version before are seen', async () => {
    await archiver().start({ roles: ['web'] });
    const { archivals } = recordsIn(database.knex);
    const now = new Date();
    const request = { resourceId: 'r1', datasetId: 'd1', url: 'http://data.example/1', host: 'data.example' };
    await archivals.request([request], { lane: 'priority', runId: null, now });
    const lease = await archivals.lease('r1', { owner: 'before', leaseMs: 600_000, now });
    assert.ok(lease);
    for (const one of running) await one.stop();
    const waited: string[] = [];
    const onWait = (waitsFor: string) => {
      waited.push(waitsFor);
      void archivals.release([lease]);
    };
    await archiver().uninstall({ onWait });
    assert.deepEqual(waited, ['1 leased resource']);
    assert.equal(await isInstalled(), false);
  });

  it('keeps a process that comes meanwhile from starting and from migrating', async () => {
    await archiver().start();
    for (const one of running) await one.stop();
    await note('uninstall', 'somebody');
    await assert.rejects(archiver().start(), { code: 'uninstalling' });
    await assert.rejects(archiver().uninstall(), { code: 'in-use', message: /another process is uninstalling/ });
    await database.knex('archiver.named_lease').where({ name: 'uninstall' }).delete();
    await archiver().start();
  });

  it('is noticed by a process that slept through it: its tables are gone, and it stops', async () => {
    let isTold = false;
    const sleeper = archiver();
    await sleeper.start({
      roles: ['web'],
      onUninstall: () => {
        isTold = true;
      },
    });
    await database.knex.raw('drop schema archiver cascade');
    await until(() => isTold, 60);
    assert.ok(warned.includes("the archiver's tables are gone: this process stops"));
    await assert.rejects(sleeper.archive.overview(), { code: 'not-started' });
    assert.equal(await isInstalled(), false);
  });
});
