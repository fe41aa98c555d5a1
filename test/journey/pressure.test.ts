import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import supertest from 'supertest';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { MemoryPressure } from '../../plugin/work/memoryPressure.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource, createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

describe('a store that runs full', () => {
  let publisher: Server;
  let database: TestDatabase;
  let archiver: Archiver;
  let folder = '';
  let asked: string[] = [];

  beforeEach(async () => {
    asked = [];
    publisher = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b\n1,2\n');
    });
    await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`;
    database = await freshDatabase();
    await createPortalTables(database.knex);
    for (const id of ['swept', 'wanted']) await addResource(database.knex, id, `${base}/${id}.csv`);
    folder = await mkdtemp(join(tmpdir(), 'archiver-pressure-'));
    archiver = createArchiver({ environment: {} });
    // No disk has so much free.
    const settings = { folder, databaseUrl: database.url, minFreeBytes: Number.MAX_SAFE_INTEGER, sweepCron: '' };
    archiver.register(testPortal({ knex: database.knex, settings }));
    await archiver.start();
  });
  afterEach(async () => {
    await archiver.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
    await new Promise((resolve) => publisher.close(resolve));
  });

  it('pauses both lanes before anybody is asked, and says so', async () => {
    const records = recordsIn(database.knex);
    await archiver.archive.sweep({ dryRun: false });
    await until(async () => (await records.leases.pauses()).length === 1);
    await archiver.archive.requestResource('wanted');
    await until(async () => ((await records.taskStatus.get('wanted'))?.error ?? '') !== '');
    await until(async () => ((await records.taskStatus.get('swept'))?.error ?? '') !== '');
    for (const id of ['swept', 'wanted']) {
      const { state, error, value } = (await records.taskStatus.get(id)) ?? assert.fail(id);
      assert.match(error, /^Nothing is fetched for now: the store has \d+ bytes free, less than \d+\.$/);
      assert.deepEqual([state, JSON.parse(value).reason], ['pending', error]);
    }
    await sleep(500);
    assert.deepEqual(asked, []);
    const { body } = await supertest(archiver.handler).get('/health/ready').expect(200);
    assert.match(body.checks.bulk.detail, /^A worker pauses: the store has \d+ bytes free, less than \d+\.$/);
  });
});

describe('a process that is short of memory', () => {
  it('tells it in the task_status of what is due, and of nothing else', async () => {
    const portal = await ShownPortal.open({ settings: { maxMemoryBytes: 1 } });
    try {
      const { taskStatus } = recordsIn(portal.database.knex);
      portal.files.set('/asked.csv', { body: 'a,b\n1,2\n' });
      await portal.archived('asked', '/asked.csv');
      await addResource(portal.database.knex, 'swept', portal.urlOf('/swept.csv'));
      await portal.archiver.archive.sweep({ dryRun: false });
      const told = /^Nothing is fetched for now: \d+ bytes of memory are in use, more than 1\.$/;
      await until(async () => told.test((await taskStatus.get('swept'))?.error ?? ''));
      const asked = (await taskStatus.get('asked')) ?? assert.fail('no task_status');
      assert.deepEqual([asked.state, asked.error], ['success', '']);
      assert.deepEqual(portal.requests, ['/asked.csv']);
    } finally {
      await portal.close();
    }
  });
});

describe('the pressure of memory', () => {
  it('is logged once and noted until it ends', async () => {
    let elapsedMs = 0;
    const told: (string | null)[] = [];
    const logged: string[] = [];
    let inUse = 1000;
    const pressure = new MemoryPressure({
      config: { maxMemoryBytes: 100 },
      memoryBytes: () => inUse,
      leases: { setPause: async (_owner, reason) => void told.push(reason) },
      owner: 'w',
      elapsedMs: () => elapsedMs,
      logger: {
        ...SILENT,
        warn: (_fields, message) => void logged.push(message ?? ''),
        info: (_fields, message) => void logged.push(message ?? ''),
      },
    });
    const short = '1000 bytes of memory are in use, more than 100';
    assert.deepEqual(await pressure.pause(), { reason: short, ms: 15_000 });
    assert.deepEqual(await pressure.pause(), { reason: short, ms: 15_000 });
    elapsedMs += 6000;
    assert.equal(await pressure.reason(), short);
    inUse = 10;
    assert.equal(await pressure.reason(), short);
    elapsedMs += 6000;
    assert.equal(await pressure.pause(), null);
    elapsedMs += 6000;
    assert.equal(await pressure.pause(), null);
    assert.deepEqual(told, [short, short, null]);
    assert.deepEqual(logged, ['the bulk lane pauses', 'the bulk lane goes on']);
  });
});
