import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Archiver } from '../../plugin/Archiver.ts';
import type { ArchiveEvent } from '../../plugin/notify/Listener.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';

describe('the journey of a resource', () => {
  let publisher: Server;
  let base = '';
  let body = 'a,b\n1,2\n3,4\n';
  let status = 200;
  let requests = 0;
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;
  let events: ArchiveEvent[] = [];

  before(async () => {
    publisher = createServer((_request, response) => {
      requests += 1;
      response.writeHead(status, { 'content-type': 'text/csv' }).end(body);
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`;
  });
  after(() => new Promise((resolve) => publisher.close(resolve)));

  beforeEach(async () => {
    body = 'a,b\n1,2\n3,4\n';
    status = 200;
    requests = 0;
    events = [];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-journey-'));
    archiver = createArchiver({ environment: {} });
    archiver.register(
      testPortal({
        knex: database.knex,
        settings: { folder, databaseUrl: database.url, retryDelaysMs: '50,50,50' },
        ...(process.env['LOG'] ? { logger: console } : {}),
      }),
    );
    archiver.on((event) => {
      if (event.name !== 'archive.queued') events.push(event);
    });
    await archiver.start();
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function save(id: string, url: string): Promise<void> {
    await database.knex.transaction(async (transaction) => {
      const changed = await transaction('resource').where({ id }).update({ url });
      if (changed === 0) await addResource(transaction, id, url);
      const event = { resourceId: id, datasetId: 'd1', transaction };
      await (changed === 0 ? archiver.hooks.afterResourceCreate(event) : archiver.hooks.afterResourceUpdate(event));
    });
  }

  async function settled(id: string, count = 1): Promise<void> {
    await until(async () => {
      const archival = await recordsIn(database.knex).archivals.get(id);
      return archival !== null && archival.requestSeq >= count && archival.requestSeq === archival.doneSeq;
    });
  }

  it('archives a saved resource and tells the portal where the copy is', async () => {
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    const row = await database.knex('resource').where({ id: 'r1' }).first();
    const [copy] = await recordsIn(database.knex).copies.listByResource('r1');
    assert.ok(copy);
    assert.equal(await readFile(join(folder, copy.key), 'utf8'), body);
    assert.match(copy.key, /^archive\/\d{8}T\d{6}Z\/r1\/data\.csv$/);
    assert.equal(row.cache_url, `http://portal.example/archiver/${copy.key}`);
    assert.equal(row.hash, `md5:${createHash('md5').update(body).digest('hex')}`);
    assert.equal(Number(row.size), body.length);
    assert.equal(row.mimetype, 'text/csv');
    const task = await recordsIn(database.knex).taskStatus.get('r1');
    assert.equal(task?.state, 'success');
    assert.equal(JSON.parse(task?.value ?? '').code, 'archived');
    assert.deepEqual(
      events.map(({ name }) => name),
      ['archive.succeeded'],
    );
  });

  it('archives nothing when the save is rolled back', async () => {
    const failing = database.knex.transaction(async (transaction) => {
      await addResource(transaction, 'r2', `${base}/data.csv`);
      await archiver.hooks.afterResourceCreate({ resourceId: 'r2', datasetId: 'd1', transaction });
      throw new Error('rolled back');
    });
    await assert.rejects(failing, /rolled back/);
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    assert.equal(await recordsIn(database.knex).archivals.get('r2'), null);
    assert.equal(requests, 1);
  });

  it('keeps the last good copy when a link breaks', async () => {
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    const before = await database.knex('resource').where({ id: 'r1' }).first();
    status = 404;
    await archiver.archive.requestResource('r1');
    await settled('r1', 2);
    const archival = await recordsIn(database.knex).archivals.get('r1');
    const after = await database.knex('resource').where({ id: 'r1' }).first();
    assert.deepEqual([archival?.code, archival?.broken], ['gone', true]);
    assert.equal(after.cache_url, before.cache_url);
    assert.equal((await recordsIn(database.knex).copies.listByResource('r1')).length, 1);
  });

  it('keeps the last good copy when a pointer takes the place of the file, and says what it points to', async () => {
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    const before = await database.knex('resource').where({ id: 'r1' }).first();
    body = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d7a'.repeat(16)}\nsize 1041415\n`;
    await archiver.archive.requestResource('r1');
    await settled('r1', 2);
    const { archivals, copies, taskStatus } = recordsIn(database.knex);
    assert.equal((await archivals.get('r1'))?.code, 'not-data');
    assert.equal((await database.knex('resource').where({ id: 'r1' }).first()).cache_url, before.cache_url);
    assert.equal((await copies.listByResource('r1')).length, 1);
    const task = await taskStatus.get('r1');
    assert.equal(task?.state, 'failure');
    assert.match(task?.error ?? '', /^It is a pointer of Git LFS to sha256:(4d7a){16} \(1041415 bytes\)/);
  });

  it('stores no second copy of the same bytes, and one of other bytes', async () => {
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    await archiver.archive.requestResource('r1');
    await settled('r1', 2);
    assert.equal((await recordsIn(database.knex).archivals.get('r1'))?.code, 'same-hash');
    body = 'a,b\n9,9\n';
    await archiver.archive.requestResource('r1');
    await settled('r1', 3);
    assert.equal((await recordsIn(database.knex).copies.listByResource('r1')).length, 2);
    const kept = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.csv'));
    assert.equal(kept.length, 2);
  });

  it('retries a transient failure three times, then records it once', async () => {
    status = 503;
    await save('r1', `${base}/data.csv`);
    await settled('r1');
    const archival = await recordsIn(database.knex).archivals.get('r1');
    assert.deepEqual([archival?.code, archival?.attempts, archival?.failureCount], ['http-error', 4, 1]);
    assert.equal(requests, 4);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['archive.failed'],
    );
  });

  it('archives each resource of a dataset once, then tells of the dataset', async () => {
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await addResource(database.knex, 'r2', `${base}/2.csv`);
    const result = await archiver.archive.requestDataset('d1', { caller: 'me', idempotencyKey: null });
    assert.ok(result.kind === 'accepted');
    await until(async () => (await archiver.archive.runs.get(result.run.id))?.state === 'done');
    await until(async () => events.length === 3);
    assert.equal(requests, 2);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['archive.succeeded', 'archive.succeeded', 'archive.dataset'],
    );
  });

  it('finds in a sweep what no hook reported', async () => {
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    const swept = await archiver.archive.sweep({ dryRun: false });
    assert.equal(swept.missing, 1);
    await settled('r1');
    assert.equal((await recordsIn(database.knex).copies.listByResource('r1')).length, 1);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 400) throw new Error('It did not come about in time.');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
