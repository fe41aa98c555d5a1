import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';

const KEY = 'archive/20260102T030405Z';
const OLD = 'http://old.example';
const NEW = 'http://new.example';

describe('a portal that moves to another address', () => {
  let database: TestDatabase;
  let folder = '';
  let running: Archiver[] = [];
  let warned: object[] = [];

  beforeEach(async () => {
    running = [];
    warned = [];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-relocate-'));
  });
  afterEach(async () => {
    for (const archiver of running) await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function startAt(site: string, settings: Readonly<Record<string, unknown>> = {}): Promise<Archiver> {
    for (const archiver of running) await archiver.stop();
    const archiver = createArchiver({ environment: {} });
    running = [archiver];
    const warn = (fields: object, message: string) => void warned.push({ ...fields, message });
    const all = { folder: join(folder, 'copies'), threads: 1, ...settings };
    archiver.register(testPortal({ knex: database.knex, site, settings: all, logger: { ...SILENT, warn } }));
    await archiver.start({ roles: ['web'] });
    return archiver;
  }

  async function hold(id: string, url: string, datasetId = 'd1'): Promise<void> {
    await addResource(database.knex, id, `http://data.example/${id}.csv`, datasetId);
    await database.knex('resource').where({ id }).update({ cache_url: url });
  }

  const held = (): Promise<string[]> => database.knex('resource').orderBy('id').pluck('cache_url');

  async function readiness(archiver: Archiver) {
    const server = createServer((request, response) => archiver.handler(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      assert.ok(typeof address === 'object' && address);
      const answer = await fetch(`http://127.0.0.1:${address.port}/health/ready`);
      return [answer.status, JSON.parse(await answer.text()).checks.addresses];
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('is told in log, status and readiness, until relocate has rewritten what is ours, once', async () => {
    await startAt(OLD);
    await hold('r1', `${OLD}/archiver/${KEY}/r1/a%20b.csv`);
    await hold('r2', 'http://elsewhere.example/archive/r2.csv');
    await hold('r3', `${NEW}/archiver/${KEY}/r3/c.csv`);
    const before = await held();
    assert.deepEqual(warned, []);

    const { archive } = await startAt(NEW);
    const from = [`${OLD}/archiver`];
    const to = [`${NEW}/archiver`];
    const message = 'the address of copies has changed: run portal-archiver relocate';
    assert.deepEqual(warned, [{ from, to, message }]);
    assert.deepEqual((await archive.overview()).earlierAddresses, from);
    const detail = 'The address of copies has changed; portal-archiver relocate rewrites what the portal holds.';
    assert.deepEqual(await readiness(running[0] as Archiver), [200, { ok: true, detail }]);

    assert.deepEqual(await archive.relocate({ dryRun: true }), { dryRun: true, from, to, checked: 3, moved: 1 });
    assert.deepEqual(await held(), before);
    assert.deepEqual(await archive.relocate({ dryRun: false }), { dryRun: false, from, to, checked: 3, moved: 1 });
    assert.deepEqual(await held(), [`${NEW}/archiver/${KEY}/r1/a%20b.csv`, ...before.slice(1)]);
    assert.deepEqual(await archive.relocate({ dryRun: false }), { dryRun: false, from: [], to, checked: 3, moved: 0 });
    assert.deepEqual((await archive.overview()).earlierAddresses, []);
    assert.deepEqual(await readiness(running[0] as Archiver), [200, { ok: true, detail: null }]);
  });

  it('is noticed where the portal held addresses before they were noted', async () => {
    await database.knex.schema.alterTable('resource', (table) => void table.text('cache_url'));
    await hold('r1', `${OLD}/archiver/${KEY}/r1/a.csv`);
    const { archive } = await startAt(NEW);
    assert.deepEqual((await archive.overview()).earlierAddresses, [`${OLD}/archiver`]);
    assert.equal((await archive.relocate({ dryRun: false })).moved, 1);
    assert.deepEqual(await held(), [`${NEW}/archiver/${KEY}/r1/a.csv`]);
  });

  it('gives the public place to copies of public datasets alone', async () => {
    await startAt(OLD);
    await hold('r1', `${OLD}/archiver/${KEY}/r1/a.csv`, 'open');
    await hold('r2', `${OLD}/archiver/${KEY}/r2/b.csv`, 'closed');
    await database.knex('package').where({ id: 'closed' }).update({ private: true });
    const publicCopiesUrl = 'https://files.example/copies/';
    const { archive } = await startAt(OLD, { publicCopiesUrl, privateFolder: join(folder, 'private') });
    assert.deepEqual((await archive.overview()).earlierAddresses, [`${OLD}/archiver`]);
    assert.equal((await archive.relocate({ dryRun: false })).moved, 1);
    assert.deepEqual(await held(), [`https://files.example/copies/${KEY}/r1/a.csv`, `${OLD}/archiver/${KEY}/r2/b.csv`]);
    assert.deepEqual((await archive.overview()).earlierAddresses, []);
  });

  it('does the rest where it was broken off', async () => {
    const { knex } = database;
    await startAt(OLD);
    await knex('package').insert({ id: 'd1', name: 'd1' });
    await knex.raw(
      `insert into resource (id, package_id, url, cache_url)
       select 'r' || lpad(n::text, 4, '0'), 'd1', 'http://data.example/' || n, ? || n from generate_series(1, 600) as n`,
      [`${OLD}/archiver/${KEY}/r/`],
    );
    await knex.raw(
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
       create trigger refuse before update on resource for each row when (old.id = 'r0590') execute function refuse()`,
    );
    const { archive } = await startAt(NEW);
    await assert.rejects(archive.relocate({ dryRun: false }), /not now/);
    assert.equal((await archive.overview()).earlierAddresses.length, 1);
    await knex.raw('drop trigger refuse on resource');
    const { checked, moved } = await archive.relocate({ dryRun: false });
    assert.deepEqual([checked, moved], [600, 100]);
    assert.equal((await held()).filter((url) => url.startsWith(`${NEW}/archiver/${KEY}/r/`)).length, 600);
  });

  it('is followed by the command line, which is told where the portal is', async () => {
    await startAt(OLD);
    await hold('r1', `${OLD}/archiver/${KEY}/r1/a.csv`);
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') };
    const unnamed = await runCommand(['relocate'], { environment });
    assert.deepEqual([unnamed.exitCode, unnamed.output], [2, '']);
    const { exitCode, output } = await runCommand(['relocate', '--json', '--portal-url', NEW], { environment });
    const [from, to] = [[`${OLD}/archiver`], [`${NEW}/archiver`]];
    assert.deepEqual([exitCode, JSON.parse(output)], [0, { dryRun: false, from, to, checked: 1, moved: 1 }]);
    assert.deepEqual(await held(), [`${NEW}/archiver/${KEY}/r1/a.csv`]);
  });
});
