import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const IDS = ['r1', 'r2', 'r3'];

describe('a sweep whose fetch thread dies', () => {
  const threads: Worker[] = [];
  const warnings: { readonly resourceId?: unknown; readonly error?: unknown; readonly message: string }[] = [];
  const listen = (worker: Worker) => threads.push(worker);
  let publisher: Server;
  let asked: string[] = [];
  let held: (() => void)[] | null = [];
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;

  before(async () => {
    process.on('worker', listen);
    publisher = createServer((request, response) => {
      asked.push(request.url ?? '');
      const answer = () => response.writeHead(200, { 'content-type': 'text/csv' }).end(`path\n${request.url}\n`);
      if (held) held.push(answer);
      else answer();
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    process.off('worker', listen);
    return new Promise((resolve) => publisher.close(resolve));
  });

  beforeEach(async () => {
    asked = [];
    held = [];
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-thread-'));
    archiver = createArchiver({ environment: {} });
    const settings = { folder, databaseUrl: database.url, hostRequestsPerSecond: 1000, threads: 1 };
    const logger = {
      ...SILENT,
      warn: (fields: object, message: string) => void warnings.push({ ...fields, message }),
    };
    archiver.register(testPortal({ knex: database.knex, settings, logger }));
    await archiver.start();
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives back what the thread had in hand, says so, and archives it with the next thread', async () => {
    const { port } = publisher.address() as AddressInfo;
    for (const id of IDS) await addResource(database.knex, id, `http://127.0.0.1:${port}/${id}.csv`);
    const { runId } = await archiver.archive.sweep({ dryRun: false });
    assert.ok(runId);
    await until(() => asked.length > 0);
    const inHand = asked.map((path) => path.slice(1, 3));
    const dead = threads.at(-1);
    // A message that no thread of ours expects is an exception nobody catches: the thread dies of it.
    dead?.postMessage(null);
    held = null;
    const { runs, taskStatus } = recordsIn(database.knex);
    await until(async () => (await runs.get(runId))?.state === 'done');
    assert.deepEqual((await runs.get(runId))?.counts, { archived: 3 });
    assert.notEqual(threads.at(-1), dead);
    const interrupted = warnings.filter(({ message }) => message === 'archival interrupted');
    assert.deepEqual(new Set(interrupted.map(({ resourceId }) => resourceId)), new Set(inHand));
    for (const { error } of interrupted) assert.match(String(error), /^A fetch thread ended: /);
    for (const id of IDS) assert.equal((await taskStatus.get(id))?.state, 'success');
  });
});
