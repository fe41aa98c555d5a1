import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { after, afterEach, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { openFileSystem } from '../../plugin/store/flush/fileSystem.ts';
import { FleetPortal, wholeArchive } from '../support/fleetPortal.ts';
import { testMongodb } from '../support/mongodb.ts';
import { until } from '../support/until.ts';
import type { WorkerProcess } from '../support/workers.ts';

// By default a short form. The full one: ARCHIVER_CHAOS_KILLS=50 ARCHIVER_CHAOS_RESOURCES=2000 ARCHIVER_CHAOS_LEASE_MS=30000
const KILLS = Number(process.env['ARCHIVER_CHAOS_KILLS'] ?? 6);
const RESOURCES = Number(process.env['ARCHIVER_CHAOS_RESOURCES'] ?? 240);
const LEASE_MS = process.env['ARCHIVER_CHAOS_LEASE_MS'] ?? '3000';
const WORKERS = 4;

const mongodb = await testMongodb();
const missing = 'missing' in mongodb ? mongodb.missing : false;
const fileSystem = await openFileSystem(tmpdir());
const cannotGroup = 'reason' in fileSystem;
if ('close' in fileSystem) fileSystem.close();

describe('worker processes that are killed at any moment', () => {
  let portal: FleetPortal | null = null;

  after(async () => {
    if (!('missing' in mongodb)) await mongodb.stop();
  });
  afterEach(async () => {
    await portal?.close();
    portal = null;
  });

  /** Copies are flushed in groups in one form, each by itself in the other. */
  async function open(mongodbUrl: string | null): Promise<FleetPortal> {
    const flush = mongodbUrl === null && !cannotGroup ? 'group' : 'file';
    portal = await FleetPortal.create({
      mongodbUrl,
      variables: { ARCHIVER_LEASE_MS: LEASE_MS, ARCHIVER_QUEUE_POLL_MS: '1000', ARCHIVER_FLUSH: flush },
    });
    portal.publisher.slownessMs = 100;
    portal.publisher.answer = (id, _request, response) => isLarge(id) && sendLarge(id, response);
    return portal;
  }

  async function chaos(mongodbUrl: string | null, context: TestContext): Promise<void> {
    const { fleet, publisher, archiver, ...opened } = await open(mongodbUrl).then(partsOf);
    const workers = await fleet.spawnMany(WORKERS);
    const ids: string[] = [];
    const startedAt = Date.now();
    for (let kill = 0; kill < KILLS; kill++) {
      const wave = Math.floor((RESOURCES * (kill + 1)) / KILLS) - ids.length;
      ids.push(...(await opened.portal.addResources(`wave${kill}`, wave)));
      // Somebody asks for one half, a sweep finds the other.
      if (kill % 2 === 0) await opened.portal.archiveDataset(`wave${kill}`);
      else await archiver.archive.sweep({ dryRun: false });
      await sleep(Math.random() * 2000);
      await replaceOne(workers, () => fleet.spawn());
    }
    const killedAt = Date.now();
    await opened.portal.settled(ids.length, 180);
    const settledAt = Date.now();
    await until(async () => (await opened.portal.stages()).length === 0, 90);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
    context.diagnostic(
      `${KILLS} kills in ${seconds(startedAt, killedAt)} s, ${ids.length} resources settled ${seconds(killedAt, settledAt)} s ` +
        `later; ${publisher.total} requests, at most ${Math.max(...publisher.requests.values())} for one resource`,
    );
  }

  it('leave one copy of each resource, with the queue in PostgreSQL', (context) => chaos(null, context));

  it('leave one copy of each resource, with the queue in MongoDB', { skip: missing }, (context) => {
    assert.ok(!('missing' in mongodb));
    return chaos(mongodb.url, context);
  });

  it('lose nothing when MongoDB is killed, comes back, and its primary steps down', { skip: missing }, async () => {
    assert.ok(!('missing' in mongodb));
    const { power, url } = mongodb;
    const { fleet, publisher, archiver, ...opened } = await open(url).then(partsOf);
    await fleet.spawnMany(2);
    const ids = await opened.portal.addResources('before', 60);
    await opened.portal.archiveDataset('before');
    await until(() => publisher.total > 10);

    await power?.kill();
    ids.push(...(await opened.portal.addResources('without', 60)));
    await archiver.hooks.afterDatasetUpdate({ datasetId: 'without', resourceId: null });
    await sleep(1000);
    await power?.restart();
    await until(() => publisher.requests.has('without-1'), 60);

    ids.push(...(await opened.portal.addResources('elected', 60)));
    await archiver.hooks.afterDatasetUpdate({ datasetId: 'elected', resourceId: null });
    await until(() => publisher.requests.has('elected-1'), 60);
    await stepDown(url);
    await opened.portal.settled(ids.length, 120);
    await until(async () => (await opened.portal.stages()).length === 0, 60);
    assert.deepEqual(await opened.portal.outcome(ids), wholeArchive(ids));
    assert.deepEqual(
      [...publisher.requests.values()],
      ids.map(() => 1),
    );
  });
});

function partsOf(portal: FleetPortal) {
  const { fleet, publisher, archiver } = portal;
  return { portal, fleet, publisher, archiver };
}

async function replaceOne(workers: WorkerProcess[], spawn: () => WorkerProcess): Promise<void> {
  const place = Math.floor(Math.random() * workers.length);
  const replaced = workers[place];
  const next = spawn();
  // It may be killed in its turn before it is ready.
  next.ready.catch(() => undefined);
  workers[place] = next;
  await replaced?.kill();
}

async function stepDown(url: string): Promise<void> {
  const client = new MongoClient(url);
  // The server closes the connection that asked for it.
  await client
    .db('admin')
    .command({ replSetStepDown: 2, force: true })
    .catch(() => undefined);
  await client.close();
}

function isLarge(id: string): boolean {
  return Number(id.slice(id.indexOf('-') + 1)) % 20 === 0;
}

/** 3 MB in about a second: large enough for a stage, slow enough to be killed in. */
function sendLarge(id: string, response: ServerResponse): boolean {
  const line = `${id},${'0123456789'.repeat(10)}\n`;
  const chunk = line.repeat(Math.ceil(100_000 / line.length));
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': chunk.length * 30 });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(chunk);
    if (++sent === 30) response.end();
  }, 30);
  response.once('close', () => clearInterval(timer));
  return true;
}

function seconds(from: number, to: number): string {
  return ((to - from) / 1000).toFixed(1);
}
