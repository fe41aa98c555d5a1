import assert from 'node:assert/strict';
import { ArchivalFailed, RetryLater } from '../errors.ts';
import { gate } from './gate.ts';
import type { QueueCheck, QueueTest } from './QueueUnderTest.ts';
import { until } from './until.ts';

const R1 = { kind: 'resource', resourceId: 'r1' } as const;
const HOST = { kind: 'host', host: 'data.example' } as const;

/** What holds of jobs while the queue works. */
export const JOB_CHECKS: Readonly<Record<string, QueueCheck>> = {
  'runs a resource once that was added a hundred times while it waited': runsOnce,
  'runs a resource once more that was added while it ran': runsOnceMore,
  'runs a job again after the delay that it asks for, and not before': waitsDelay,
  'runs without delay what is added while it waits for a retry': runsAddedNow,
  'keeps a job whose archival failed, with its reason, and only the latest of a resource': keepsFailed,
  'tries a job again whose handler threw, until it goes well': triesAgain,
  'runs a host again until nothing is due, and leaves nothing behind': runsHostAgain,
  'has one job of a host, which runs once more when it is added while it runs': hasOneHostJob,
  'lists what runs, what waits and what failed for good, where it lists jobs at all': listsJobs,
  'starts what a person asked for while every place of the bulk lane is taken': keepsLanesApart,
};

async function runsOnce(test: QueueTest): Promise<void> {
  const adding = await test.open(null);
  await Promise.all(Array.from({ length: 100 }, () => adding.add([R1])));
  assert.deepEqual(await adding.counts(), { waiting: 1, running: 0, failed: 0 });
  const ran: string[] = [];
  await test.open({ resource: async (resourceId) => void ran.push(resourceId) });
  await until(() => test.isEmpty());
  assert.deepEqual(ran, ['r1']);
}

async function runsOnceMore(test: QueueTest): Promise<void> {
  let count = 0;
  const first = gate();
  const queue = await test.open({
    resource: async () => {
      count += 1;
      if (count === 1) await first.passed;
    },
  });
  await queue.add([R1]);
  await until(() => count === 1);
  await queue.add([R1, R1]);
  first.open();
  await until(() => test.isEmpty());
  assert.equal(count, 2);
}

async function waitsDelay(test: QueueTest): Promise<void> {
  const at: number[] = [];
  const queue = await test.open({
    resource: async () => {
      at.push(Date.now());
      if (at.length === 1) throw new RetryLater('busy', 500);
    },
  });
  await queue.add([R1]);
  await until(() => test.isEmpty());
  assert.equal(at.length, 2);
  assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 450);
}

async function runsAddedNow(test: QueueTest): Promise<void> {
  let count = 0;
  const queue = await test.open({
    resource: async () => {
      count += 1;
      if (count === 1) throw new RetryLater('busy', 3_600_000);
    },
  });
  await queue.add([R1]);
  await until(async () => count === 1 && (await queue.counts()).waiting === 1);
  await queue.add([R1]);
  await until(() => test.isEmpty());
  assert.equal(count, 2);
}

async function keepsFailed(test: QueueTest): Promise<void> {
  let count = 0;
  const queue = await test.open({
    resource: async () => {
      count += 1;
      throw new ArchivalFailed(`The server answered 503, time ${count}.`);
    },
  });
  for (const wanted of [1, 2]) {
    await queue.add([R1]);
    await until(async () => count === wanted && (await queue.counts()).failed === 1);
  }
  await until(async () => (await test.place.held())[0]?.failReason === 'The server answered 503, time 2.');
  assert.deepEqual(await queue.counts(), { waiting: 0, running: 0, failed: 1 });
}

async function listsJobs(test: QueueTest): Promise<void> {
  const held = gate();
  const queue = await test.open({
    resource: async () => {
      throw new ArchivalFailed('The server answered 503.');
    },
    host: async () => {
      await held.passed;
      return null;
    },
  });
  const { list } = queue;
  if (list === undefined) return;
  const jobs = (state: 'running' | 'waiting' | 'failed' | null, skip = 0) =>
    list.call(queue, { kind: null, state, skip, limit: 10 });
  await queue.add([R1, HOST]);
  await queue.add([{ kind: 'resource', resourceId: 'later' }], new Date(Date.now() + 3_600_000));
  await until(async () => (await jobs('running')).length === 1 && (await jobs('failed')).length === 1);
  const [running, waiting, failed] = await Promise.all([jobs('running'), jobs('waiting'), jobs('failed')]);
  assert.deepEqual([running[0]?.key, running[0]?.kind, running[0]?.startsAt], [HOST.host, 'host', null]);
  assert.deepEqual([waiting.length, waiting[0]?.key, waiting[0]?.failures], [1, 'later', 0]);
  assert.deepEqual([failed[0]?.key, failed[0]?.reason, failed[0]?.startsAt], ['r1', 'The server answered 503.', null]);
  const all = await jobs(null);
  assert.deepEqual([all.length, all[0]?.state, (await jobs(null, 2)).length], [3, 'running', 1]);
  assert.deepEqual(await list.call(queue, { kind: 'host', state: 'waiting', skip: 0, limit: 10 }), []);
  held.open();
}

async function triesAgain(test: QueueTest): Promise<void> {
  const retries: number[] = [];
  const queue = await test.open({
    resource: async (_resourceId, { retryCount }) => {
      retries.push(retryCount);
      if (retries.length === 1) throw new TypeError('the store is away');
    },
  });
  await queue.add([R1]);
  await until(() => test.isEmpty());
  assert.deepEqual(retries, [0, 1]);
}

async function runsHostAgain(test: QueueTest): Promise<void> {
  let count = 0;
  const queue = await test.open({ host: async () => (++count < 3 ? new Date() : null) });
  await queue.add([HOST]);
  await until(() => test.isEmpty());
  assert.equal(count, 3);
  await queue.add([HOST]);
  await until(async () => count === 4 && (await test.isEmpty()));
}

async function hasOneHostJob(test: QueueTest): Promise<void> {
  let count = 0;
  const first = gate();
  const queue = await test.open({
    host: async () => {
      count += 1;
      await first.passed;
      return null;
    },
  });
  await Promise.all([queue.add([HOST, HOST]), queue.add([HOST])]);
  await until(() => count === 1);
  await Promise.all([queue.add([HOST]), queue.add([HOST])]);
  assert.equal((await test.place.held()).length, 1);
  first.open();
  await until(() => test.isEmpty());
  assert.equal(count, 2);
}

async function keepsLanesApart(test: QueueTest): Promise<void> {
  const hosts = gate();
  let bulk = 0;
  const ran: string[] = [];
  const queue = await test.open(
    {
      host: async () => {
        bulk += 1;
        await hosts.passed;
        return null;
      },
      resource: async (resourceId) => void ran.push(resourceId),
    },
    { concurrency: 2 },
  );
  await queue.add(['a', 'b', 'c', 'd'].map((host) => ({ kind: 'host', host })));
  await until(() => bulk === 2);
  await queue.add([R1]);
  await until(() => ran.length === 1);
  assert.equal(bulk, 2);
  hosts.open();
  await until(() => test.isEmpty());
}
