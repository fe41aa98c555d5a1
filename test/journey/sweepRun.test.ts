import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

describe('a sweep', () => {
  let publisher: Server;
  let base = '';
  let body = 'a,b\n1,2\n';
  let status = 200;
  let etag: string | null = null;
  let maxAge: number | null = null;
  let asked: string[] = [];
  /** Ids of the messages that came. */
  let received: string[] = [];
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;

  before(async () => {
    publisher = createServer((request, response) => {
      asked.push(request.url ?? '');
      const { 'webhook-id': messageId } = request.headers;
      if (typeof messageId === 'string') received.push(messageId);
      if (etag !== null && request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else {
        const fresh = maxAge !== null && { 'cache-control': `max-age=${maxAge}` };
        response.writeHead(status, { 'content-type': 'text/csv', ...(etag && { etag }), ...fresh }).end(body);
      }
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`;
  });
  after(() => new Promise((resolve) => publisher.close(resolve)));

  beforeEach(async () => {
    body = 'a,b\n1,2\n';
    status = 200;
    etag = null;
    maxAge = null;
    asked = [];
    received = [];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-sweep-'));
    archiver = createArchiver({ environment: {} });
    const settings = { folder, databaseUrl: database.url, hostRequestsPerSecond: 1000, hostBurst: 100, verifyShare: 0 };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const records = () => recordsIn(database.knex);

  async function sweep(): Promise<string> {
    const { runId } = await archiver.archive.sweep({ dryRun: false });
    assert.ok(runId);
    return runId;
  }

  async function ended(runId: string) {
    await until(async () => (await records().runs.get(runId))?.state === 'done');
    return records().runs.get(runId);
  }

  const makeDue = () =>
    database.knex.raw(`update archiver.archival set next_check_at = now() - interval '1 second', fresh_until = null`);

  it('is a run that counts what it found and ends with the last of it', async () => {
    for (const id of ['r1', 'r2', 'r3']) await addResource(database.knex, id, `${base}/${id}.csv`);
    const run = await ended(await sweep());
    assert.deepEqual([run?.kind, run?.lane, run?.total, run?.done], ['sweep', 'bulk', 3, 3]);
    assert.deepEqual(run?.counts, { archived: 3 });
    assert.ok(run?.startedAt && run.endedAt);
    assert.equal((await records().runs.list(10)).length, 1);
  });

  it('asks nobody for what is still fresh, without a lease; what left the portal or has another URL takes its usual way', async () => {
    maxAge = 86_400;
    await archiver.stop();
    archiver = createArchiver({ environment: {} });
    const receiver = { url: `${base}/receiver`, secret: `whsec_${'QUJD'.repeat(10)}`, events: ['archive.unchanged'] };
    const limits = { hostRequestsPerSecond: 1000, storeCheckShare: 0 };
    const settings = { folder, databaseUrl: database.url, ...limits, webhooks: JSON.stringify([receiver]) };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
    const told: string[] = [];
    const ids: string[] = [];
    archiver.on(({ id, name, resourceId }) => {
      told.push(`${name} ${resourceId}`);
      if (name === 'archive.unchanged') ids.push(id);
    });
    for (const id of ['r1', 'r2', 'r3', 'r4']) await addResource(database.knex, id, `${base}/${id}.csv`);
    await ended(await sweep());
    const tokens = () => database.knex('archiver.archival').whereIn('resource_id', ['r1', 'r2']).pluck('lease_token');
    const before = await tokens();
    asked = [];
    await database.knex.raw(`update archiver.archival set next_check_at = now() - interval '1 second'`);
    await database.knex('resource').where({ id: 'r3' }).delete();
    await database
      .knex('resource')
      .where({ id: 'r4' })
      .update({ url: `${base}/moved.csv` });
    await sweep();
    await until(async () => {
      const rows = await records().archivals.getMany(['r1', 'r2', 'r3', 'r4']);
      const [first, second, moved, another] = rows
        .map(({ code }) => code)
        .sort()
        .reverse();
      const isFresh = first === 'still-fresh' && second === 'still-fresh';
      return isFresh && moved === 'archived' && another === undefined && asked.includes('/moved.csv');
    });
    assert.deepEqual(
      asked.filter((path) => path !== '/receiver'),
      ['/moved.csv'],
    );
    assert.deepEqual(await tokens(), before);
    await until(() => ['archive.unchanged r1', 'archive.unchanged r2'].every((one) => told.includes(one)));
    // A receiver is told in the transaction of the record, listeners after it.
    await until(() => ids.every((id) => received.includes(id)));
    const status = JSON.parse((await records().taskStatus.get('r1'))?.value ?? '{}');
    assert.deepEqual([status.code, status.attempts], ['still-fresh', 1]);
  });

  it('that finds nothing has ended at once, and gives way to the next', async () => {
    const first = await sweep();
    assert.equal((await records().runs.get(first))?.state, 'done');
    await sweep();
    assert.equal(await records().runs.get(first), null);
  });

  it('counts a resource that is tried again in the sweep that found it', async () => {
    status = 503;
    await archiver.stop();
    archiver = createArchiver({ environment: {} });
    const settings = { folder, databaseUrl: database.url, hostRequestsPerSecond: 1000, retryDelaysMs: '50,50,50' };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
    await addResource(database.knex, 'r1', `${base}/r1.csv`);
    const runId = await sweep();
    await until(async () => asked.length === 1);
    status = 200;
    await until(async () => {
      await archiver.archive.sweep({ dryRun: false });
      return (await records().runs.get(runId))?.state === 'done';
    });
    const run = await records().runs.get(runId);
    assert.deepEqual([run?.total, run?.done, run?.counts], [1, 1, { archived: 1 }]);
  });

  it('tries again by itself what failed in passing, at most three times for each check', async () => {
    await archiver.stop();
    archiver = createArchiver({ environment: {} });
    const settings = { folder, databaseUrl: database.url, hostRequestsPerSecond: 1000, retryDelaysMs: '50,50,50' };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
    const task = async () => {
      const status = await records().taskStatus.get('r1');
      return { state: status?.state, attempts: JSON.parse(status?.value ?? '{}').attempts };
    };
    await addResource(database.knex, 'r1', `${base}/r1.csv`);
    assert.deepEqual((await ended(await sweep()))?.counts, { archived: 1 });
    status = 503;
    for (const check of [1, 2]) {
      asked = [];
      await makeDue();
      assert.deepEqual((await ended(await sweep()))?.counts, { 'http-error': 1 });
      assert.equal(asked.length, 4, `check ${check}`);
      // Three failures in a row would confirm it.
      assert.deepEqual(await task(), { state: 'success', attempts: 4 });
    }
    assert.equal((await records().archivals.get('r1'))?.failureCount, 2);
    status = 200;
    await makeDue();
    assert.deepEqual((await ended(await sweep()))?.counts, { 'same-hash': 1 });
    assert.deepEqual(await task(), { state: 'success', attempts: 1 });
  });

  it('puts off what it has not begun when it is cancelled', async () => {
    await records().hosts.setLimits(new URL(base).host, { concurrency: 0 });
    await addResource(database.knex, 'r1', `${base}/r1.csv`);
    const runId = await sweep();
    const run = await records().runs.cancel(runId, new Date());
    assert.equal(run?.state, 'cancelled');
    const archival = await records().archivals.get('r1');
    assert.ok(archival?.nextCheckAt && archival.nextCheckAt.getTime() > Date.now() + 23 * 3600 * 1000);
    assert.equal((await archiver.archive.sweep({ dryRun: false })).due, 0);
    assert.equal(asked.length, 0);
  });

  it('says in a dry run what asking would cost, and asks nobody', async () => {
    for (const id of ['r1', 'r2']) await addResource(database.knex, id, `${base}/${id}.csv`);
    await ended(await sweep());
    await database.knex.raw(`update archiver.archival set next_check_at = now() where resource_id = 'r1'`);
    await addResource(database.knex, 'r3', 'http://other.example/3.csv');
    const before = asked.length;
    const plan = await archiver.archive.sweep({ dryRun: true });
    assert.deepEqual(plan, {
      runId: null,
      missing: 1,
      changed: 0,
      due: 1,
      hosts: 2,
      bytes: body.length,
      fullRequests: 3,
      fullBytes: 2 * body.length,
      fullHosts: 2,
    });
    assert.equal(asked.length, before);
    assert.equal(await records().archivals.get('r3'), null);
  });

  it('asks once for a URL that several resources have, and gives each a copy of its own', async () => {
    for (const id of ['r1', 'r2', 'r3']) await addResource(database.knex, id, `${base}/same.csv`);
    await addResource(database.knex, 'r4', `${base}/other.csv`);
    const run = await ended(await sweep());
    assert.deepEqual(run?.counts, { archived: 4 });
    assert.deepEqual(asked.sort(), ['/other.csv', '/same.csv']);
    const copies = await Promise.all(['r1', 'r2', 'r3'].map((id) => records().copies.listByResource(id)));
    assert.deepEqual(
      copies.map((some) => some.length),
      [1, 1, 1],
    );
    for (const [index, [copy]] of copies.entries()) {
      assert.ok(copy);
      assert.ok(copy.key.includes(`/r${index + 1}/`));
      assert.equal(await readFile(join(folder, copy.key), 'utf8'), body);
    }
  });

  it('asks once again when the URL is due again, whether it changed or not', async () => {
    etag = '"one"';
    for (const id of ['r1', 'r2']) await addResource(database.knex, id, `${base}/same.csv`);
    await ended(await sweep());
    await makeDue();
    assert.deepEqual((await ended(await sweep()))?.counts, { 'not-modified': 2 });
    body = 'a,b\n3,4\n';
    etag = '"two"';
    await makeDue();
    assert.deepEqual((await ended(await sweep()))?.counts, { archived: 2 });
    assert.equal(asked.length, 3);
    assert.equal((await records().copies.listByResource('r2')).length, 2);
  });

  it('asks once for a new resource and for old ones of the same URL', async () => {
    etag = '"one"';
    await addResource(database.knex, 'r1', `${base}/same.csv`);
    await ended(await sweep());
    await makeDue();
    await addResource(database.knex, 'r2', `${base}/same.csv`);
    assert.deepEqual((await ended(await sweep()))?.counts, { archived: 1, 'same-hash': 1 });
    assert.equal(asked.length, 2);
  });

  it('records a failure for each resource of the URL after one request', async () => {
    status = 404;
    for (const id of ['r1', 'r2']) await addResource(database.knex, id, `${base}/same.csv`);
    assert.deepEqual((await ended(await sweep()))?.counts, { gone: 2 });
    assert.equal(asked.length, 1);
  });
});
