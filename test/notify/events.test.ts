import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
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
import { until } from '../support/until.ts';

describe('events', () => {
  let publisher: Server;
  let base = '';
  let status = 200;
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;
  let events: ArchiveEvent[] = [];

  before(async () => {
    publisher = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/csv' }).end('a,b\n1,2\n');
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`;
  });
  after(() => new Promise((resolve) => publisher.close(resolve)));

  beforeEach(async () => {
    status = 200;
    events = [];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-events-'));
    archiver = createArchiver({ environment: {} });
    const settings = { folder, databaseUrl: database.url, retryDelaysMs: '10,10,10', confirmFailures: 2 };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const names = () => events.map(({ name }) => name);
  const listen = () => archiver.on((event) => void events.push(event));

  async function demand(id: string): Promise<void> {
    const result = await archiver.archive.requestResource(id);
    assert.ok(result.kind === 'accepted');
    await until(async () => (await archiver.archive.runs.get(result.run.id))?.state === 'done');
  }

  it('tell once of a resource that waits, and once how its archival ended', async () => {
    listen();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await demand('r1');
    await until(() => events.length >= 2);
    assert.deepEqual(names(), ['archive.queued', 'archive.succeeded']);
    const [, succeeded] = events;
    assert.equal(succeeded?.queue, archiver.queueName());
    assert.deepEqual([succeeded?.resourceId, succeeded?.datasetId, succeeded?.code], ['r1', 'd1', 'archived']);
    const [copy] = await recordsIn(database.knex).copies.listByResource('r1');
    assert.equal(succeeded?.cacheUrl, `http://portal.example/archiver/${copy?.key}`);
  });

  it('tell of each resource of a dataset, then of the dataset', async () => {
    listen();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await archiver.archive.requestDataset('d1');
    await until(() => names().includes('archive.dataset'));
    assert.deepEqual(
      events.filter(({ name }) => name !== 'archive.queued').map(({ name, resourceId }) => [name, resourceId]),
      [
        ['archive.succeeded', 'r1'],
        ['archive.dataset', null],
      ],
    );
    assert.equal(events.at(-1)?.datasetId, 'd1');
  });

  it('carry code, status and reason of a failure, and say when it is confirmed and when it is over', async () => {
    listen();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    status = 404;
    await demand('r1');
    await demand('r1');
    status = 200;
    await demand('r1');
    await until(() => names().includes('archive.recovered'));
    assert.deepEqual(
      names().filter((name) => name !== 'archive.queued'),
      ['archive.failed', 'archive.failed', 'archive.broken', 'archive.succeeded', 'archive.recovered'],
    );
    const failed = events.find(({ name }) => name === 'archive.failed');
    assert.deepEqual([failed?.code, failed?.status, failed?.cacheUrl], ['gone', 'Download error', null]);
    assert.match(failed?.reason ?? '', /404/);
  });

  it('tell nothing of an archival that is tried again, and once when it is given up', async () => {
    listen();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    status = 503;
    await demand('r1');
    await until(() => names().includes('archive.failed'));
    assert.deepEqual(names(), ['archive.queued', 'archive.failed']);
  });

  it('lose nothing by a listener that throws, rejects or never answers', async () => {
    archiver.on(() => {
      throw new Error('a bug of somebody else');
    });
    archiver.on(() => Promise.reject(new Error('another one')));
    archiver.on(() => new Promise(() => undefined));
    listen();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await demand('r1');
    await until(() => names().includes('archive.succeeded'));
    assert.equal((await recordsIn(database.knex).archivals.get('r1'))?.code, 'archived');
    assert.equal((await recordsIn(database.knex).copies.listByResource('r1')).length, 1);
  });

  it('tell of a resource that left the portal', async () => {
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await demand('r1');
    listen();
    await database.knex.transaction(async (transaction) => {
      await transaction('resource').where({ id: 'r1' }).delete();
      await archiver.hooks.afterResourceDelete({ resourceId: 'r1', datasetId: 'd1', transaction });
    });
    await until(() => events.length > 0);
    assert.deepEqual(
      events.map(({ name, resourceId, datasetId }) => [name, resourceId, datasetId]),
      [['archive.removed', 'r1', 'd1']],
    );
    assert.equal(await recordsIn(database.knex).archivals.get('r1'), null);
  });

  it('tell no more once the listener has left', async () => {
    const leave = listen();
    leave();
    await addResource(database.knex, 'r1', `${base}/1.csv`);
    await demand('r1');
    assert.deepEqual(events, []);
  });
});
