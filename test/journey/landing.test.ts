import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import supertest from 'supertest';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { type PageServer, sendPage, startPageServer } from '../support/pageServer.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const FORM = `<h1>Licence</h1><p>Please read the terms of the licence.</p><form method=post action=/accept>
  <label><input type=checkbox name=ok value=1> I accept</label><button>Download</button></form>`;
const LINKS = `<h1>r1</h1><ul><li><a href="/r1.csv">r1 (CSV)</a></li><li><a href="/r1.json">r1 (JSON)</a></li></ul>`;

describe('the journey behind a landing page', () => {
  let publisher: PageServer;
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;
  let page = '';
  let table = '';

  before(async () => {
    publisher = await startPageServer(({ path, headers, method }, response) => {
      if (path === '/page') sendPage(response, page);
      else if (path === '/accept' && method === 'POST')
        response.writeHead(303, { location: '/licensed', 'set-cookie': 'ok=1' }).end();
      else if (path === '/licensed' && headers.cookie !== 'ok=1') sendPage(response, FORM);
      else if (path === '/r1.json') response.writeHead(200, { 'content-type': 'application/json' }).end('[{"a":1}]');
      else if (headers['if-none-match'] === `"${table.length}"`) response.writeHead(304).end();
      else response.writeHead(200, { 'content-type': 'text/csv', etag: `"${table.length}"` }).end(table);
    });
  });
  after(() => publisher.close());

  beforeEach(async () => {
    page = LINKS;
    table = 'a,b\n1,2\n3,4\n';
    publisher.asked.splice(0);
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-landing-'));
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(settings: Readonly<Record<string, unknown>>): Promise<void> {
    archiver = createArchiver({ environment: {} });
    const knex = database.knex;
    archiver.register(testPortal({ knex, settings: { folder, databaseUrl: database.url, ...settings } }));
    await archiver.start();
  }

  let requests = 0;
  async function archived(path: string, settings: Readonly<Record<string, unknown>> = {}) {
    requests = 1;
    await start(settings);
    await addResource(database.knex, 'r1', `${publisher.site}${path}`);
    await database.knex('resource').where({ id: 'r1' }).update({ format: 'CSV' });
    await archiver.hooks.afterResourceCreate({ resourceId: 'r1', datasetId: 'd1' });
    return settled();
  }

  async function again() {
    requests += 1;
    await archiver.archive.requestResource('r1');
    return settled();
  }

  /** What the route shows once the archival has ended. */
  async function settled() {
    await until(async () => {
      const archival = await recordsIn(database.knex).archivals.get('r1');
      return archival !== null && archival.requestSeq >= requests && archival.requestSeq === archival.doneSeq;
    });
    const { body } = await supertest((request: IncomingMessage, response: ServerResponse) =>
      archiver.handler(request, response),
    ).get('/resources/r1');
    return body;
  }

  const rowOf = () => database.knex('resource').where({ id: 'r1' }).first();

  it('tells what was found, and nothing more, by default', async () => {
    const shown = await archived('/page');
    assert.equal(shown.code, 'not-data');
    assert.equal(shown.links[0].url, `${publisher.site}/r1.csv`);
    assert.deepEqual([shown.derived, shown.copies, shown.accepted], [[], [], []]);
    // The second time with the declared media type first (content negotiation).
    assert.deepEqual(
      publisher.asked.map(({ path, headers }) => [path, headers.accept]),
      [
        ['/page', '*/*'],
        ['/page', 'text/csv, */*;q=0.1'],
      ],
    );
    assert.equal((await rowOf()).cache_url, null);
  });

  it('reads no page to its end, and tells nothing, with the policy off', async () => {
    const shown = await archived('/page', { landing: 'off' });
    assert.deepEqual([shown.code, shown.links], ['not-data', []]);
  });

  it('archives the best link as a derived copy, and the portal is told where it is', async () => {
    const shown = await archived('/page', { landing: 'best' });
    assert.equal(shown.code, 'not-data');
    const [copy, ...older] = shown.copies;
    assert.equal(older.length, 0);
    const [file, ...others] = shown.derived;
    assert.equal(others.length, 0);
    assert.deepEqual([file.url, file.code, file.format], [`${publisher.site}/r1.csv`, 'archived', 'CSV']);
    assert.deepEqual([file.key, file.copyUrl], [copy.key, copy.url]);
    assert.match(copy.key, /^archive\/\d{8}T\d{6}Z\/r1\/r1\.csv$/);
    assert.equal(await readFile(join(folder, copy.key), 'utf8'), table);
    const row = await rowOf();
    assert.equal(row.cache_url, copy.url);
    assert.equal(row.mimetype, 'text/csv');
    assert.equal(Number(row.size), table.length);
  });

  it('checks a derived file by its own validators, and keeps each version', async () => {
    const first = await archived('/page', { landing: 'best' });
    const unchanged = await again();
    assert.equal(unchanged.derived[0].code, 'not-modified');
    assert.equal(unchanged.copies.length, 1);
    assert.equal((await rowOf()).cache_url, first.derived[0].copyUrl);
    table = 'a,b\n1,2\n3,4\n5,6\n';
    const changed = await again();
    assert.equal(changed.derived[0].code, 'archived');
    assert.equal(changed.copies.length, 2);
    assert.equal((await rowOf()).cache_url, changed.derived[0].copyUrl);
  });

  it('archives all that is claimed, up to the limit, and leaves cache_url alone', async () => {
    const shown = await archived('/page', { landing: 'all' });
    assert.deepEqual(
      shown.derived.map(({ url, code }: { url: string; code: string }) => [url.replace(publisher.site, ''), code]),
      [
        ['/r1.csv', 'archived'],
        ['/r1.json', 'archived'],
      ],
    );
    const keys = shown.derived.map(({ key }: { key: string }) => key);
    assert.equal(new Set(keys).size, 2);
    assert.equal((await rowOf()).cache_url, null);
  });

  it('forgets the links when the page becomes a file', async () => {
    await archived('/page', { landing: 'record' });
    await database
      .knex('resource')
      .where({ id: 'r1' })
      .update({ url: `${publisher.site}/r1.csv` });
    const shown = await again();
    assert.deepEqual([shown.code, shown.links, shown.copies.length], ['archived', [], 1]);
  });

  it('keeps what was accepted on the way to a file', async () => {
    const shown = await archived('/licensed', { acceptLicences: '127.0.0.1' });
    assert.equal(shown.code, 'archived');
    assert.equal(shown.copies.length, 1);
    const [accepted] = shown.accepted;
    assert.deepEqual(
      [accepted.mode, accepted.rule, accepted.url],
      ['automatic', '127.0.0.1', `${publisher.site}/licensed`],
    );
    assert.match(accepted.text, /terms of the licence/);
    assert.match(accepted.sha256, /^[0-9a-f]{64}$/);
    assert.ok(Date.parse(accepted.at) > 0);
  });
});
