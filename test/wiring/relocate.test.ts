import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import type { Catalog, Portal } from '../../plugin/portal/Portal.ts';
import type { Refusal } from '../../plugin/work/relocateCopies.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { addResource, createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';

const KEY = 'archive/20260102T030405Z';
const NONE = { refused: 0, refusals: [] };
const OLD = 'http://old.example';
const NEW = 'http://new.example';

function withoutCacheUrls(portal: Portal): Portal {
  const { catalog } = portal;
  const get = (_: Catalog, name: keyof Catalog) => (name === 'cacheUrls' ? undefined : catalog[name]?.bind(catalog));
  return { ...portal, catalog: new Proxy<Catalog>(catalog, { get }) };
}

describe('a portal that moves to another address', () => {
  let database: TestDatabase;
  let folder = '';
  let running: Archiver[] = [];
  let warned: { readonly message: string }[] = [];

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

  async function startAt(
    site: string,
    settings: Readonly<Record<string, unknown>> = {},
    changed: (portal: Portal) => Portal = (portal) => portal,
  ): Promise<Archiver> {
    for (const archiver of running) await archiver.stop();
    const archiver = createArchiver({ environment: {} });
    running = [archiver];
    const warn = (fields: object, message: string) => void warned.push({ ...fields, message });
    const all = { folder: join(folder, 'copies'), threads: 1, ...settings };
    archiver.register(changed(testPortal({ knex: database.knex, site, settings: all, logger: { ...SILENT, warn } })));
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

    assert.deepEqual(await archive.relocate({ dryRun: true }), {
      dryRun: true,
      from,
      to,
      checked: 3,
      moved: 1,
      ...NONE,
    });
    assert.deepEqual(await held(), before);
    assert.deepEqual(await archive.relocate({ dryRun: false }), {
      dryRun: false,
      from,
      to,
      checked: 3,
      moved: 1,
      ...NONE,
    });
    assert.deepEqual(await held(), [`${NEW}/archiver/${KEY}/r1/a%20b.csv`, ...before.slice(1)]);
    assert.deepEqual(await archive.relocate({ dryRun: false }), {
      dryRun: false,
      from: [],
      to,
      checked: 3,
      moved: 0,
      ...NONE,
    });
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

  async function manyHeld(count: number): Promise<void> {
    await database.knex('package').insert({ id: 'd1', name: 'd1' });
    await database.knex.raw(
      `insert into resource (id, package_id, url, cache_url)
       select 'r' || lpad(n::text, 4, '0'), 'd1', 'http://data.example/' || n, ? || n from generate_series(1, ${count}) as n`,
      [`${OLD}/archiver/${KEY}/r/`],
    );
  }

  /** The host's table objects to these rows. */
  const refuse = (which: string, how = "raise 'not now'") =>
    database.knex.raw(
      `create or replace function refuse() returns trigger language plpgsql as $f$ begin ${how}; end $f$;
       create trigger refuse before update on resource for each row when (${which}) execute function refuse()`,
    );

  const movedCount = async () => (await held()).filter((url) => url.startsWith(`${NEW}/archiver/${KEY}/r/`)).length;

  it('does the rest where it was broken off', async () => {
    await startAt(OLD);
    await manyHeld(600);
    await refuse("old.id = 'r0590'", "raise 'shutting down' using errcode = '57P01'");
    const { archive } = await startAt(NEW);
    await assert.rejects(archive.relocate({ dryRun: false }), /shutting down/);
    assert.equal((await archive.overview()).earlierAddresses.length, 1);
    await database.knex.raw('drop trigger refuse on resource');
    const { checked, moved } = await archive.relocate({ dryRun: false });
    assert.deepEqual([checked, moved], [600, 100]);
    assert.equal(await movedCount(), 600);
  });

  it('goes on past rows that the portal refuses, names them, and takes them along once they are taken', async () => {
    await startAt(OLD);
    await manyHeld(600);
    await refuse("old.id in ('r0001', 'r0300', 'r0590')");
    const { archive } = await startAt(NEW);
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') };
    const end = await runCommand(['relocate', '--json', '--portal-url', NEW], { environment });
    const { checked, moved, refused, refusals } = JSON.parse(end.output);
    assert.deepEqual([end.exitCode, checked, moved, refused], [1, 600, 597, 3]);
    const named = refusals.map(({ resourceId, reason }: Refusal) => [resourceId, /not now/.test(reason)]);
    assert.deepEqual(named, [
      ['r0001', true],
      ['r0300', true],
      ['r0590', true],
    ]);
    assert.equal(await movedCount(), 597);
    const text = await runCommand(['relocate', '--portal-url', NEW], { environment });
    assert.match(text.output, /^0 of 600 .*\n.*\n3 resources keep .*\n {2}r0001: .*not now/);
    assert.deepEqual((await archive.overview()).earlierAddresses, [`${OLD}/archiver`]);
    await database.knex.raw('drop trigger refuse on resource');
    assert.deepEqual([(await archive.relocate({ dryRun: false })).moved, await movedCount()], [3, 600]);
    assert.deepEqual((await archive.overview()).earlierAddresses, []);
  });

  it('is told to a portal whose catalogue does not say what it holds, at start and by relocate', async () => {
    await startAt(OLD, {}, withoutCacheUrls);
    assert.deepEqual(warned, []);
    const { archive } = await startAt(NEW, {}, withoutCacheUrls);
    assert.match(warned.map(({ message }) => message).join(), /has changed: the portal's catalogue has no cacheUrls/);
    assert.deepEqual((await archive.overview()).earlierAddresses, [`${OLD}/archiver`]);
    await assert.rejects(archive.relocate({ dryRun: true }), {
      code: 'host-unsuitable',
      message: /changed from http:\/\/old\.example\/archiver to http:\/\/new\.example\/archiver.*cacheUrls/,
    });
  });

  it('is followed by the command line, which is told where the portal is', async () => {
    await startAt(OLD);
    await hold('r1', `${OLD}/archiver/${KEY}/r1/a.csv`);
    const environment = { DATABASE_URL: database.url, ARCHIVER_FOLDER: join(folder, 'copies') };
    const unnamed = await runCommand(['relocate'], { environment });
    assert.deepEqual([unnamed.exitCode, unnamed.output], [2, '']);
    const { exitCode, output } = await runCommand(['relocate', '--json', '--portal-url', NEW], { environment });
    const [from, to] = [[`${OLD}/archiver`], [`${NEW}/archiver`]];
    assert.deepEqual([exitCode, JSON.parse(output)], [0, { dryRun: false, from, to, checked: 1, moved: 1, ...NONE }]);
    assert.deepEqual(await held(), [`${NEW}/archiver/${KEY}/r1/a.csv`]);
  });
});
