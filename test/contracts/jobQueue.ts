import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { ArchivalFailed, RetryLater } from '../../plugin/errors.ts';
import type { JobContext } from '../../plugin/job/JobQueue.ts';
import { firstLine, gate, type QueuePlace, testQueues } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const R1 = { kind: 'resource', resourceId: 'r1' } as const;
const HOST = { kind: 'host', host: 'data.example' } as const;

/** What every queue does, whichever server keeps its jobs. `missing`: why it cannot be tried here. */
export function jobQueueContract(name: string, missing: string | false, openPlace: () => Promise<QueuePlace>): void {
  describe(name, { skip: missing }, () => {
    const { open, spawnWorker, inQueue } = testQueues(openPlace);
    const isEmpty = async () => (await inQueue()).length === 0;

    it('runs a resource once that was added a hundred times while it waited', async () => {
      const adding = await open(null);
      await Promise.all(Array.from({ length: 100 }, () => adding.add([R1])));
      assert.deepEqual(await adding.counts(), { waiting: 1, running: 0, failed: 0 });
      const ran: string[] = [];
      await open({ resource: async (resourceId) => void ran.push(resourceId) });
      await until(isEmpty);
      assert.deepEqual(ran, ['r1']);
    });

    it('runs a resource once more that was added while it ran', async () => {
      let count = 0;
      const first = gate();
      const queue = await open({
        resource: async () => {
          count += 1;
          if (count === 1) await first.passed;
        },
      });
      await queue.add([R1]);
      await until(() => count === 1);
      await queue.add([R1, R1]);
      first.open();
      await until(isEmpty);
      assert.equal(count, 2);
    });

    it('runs a job again after the delay that it asks for, and not before', async () => {
      const at: number[] = [];
      const queue = await open({
        resource: async () => {
          at.push(Date.now());
          if (at.length === 1) throw new RetryLater('busy', 500);
        },
      });
      await queue.add([R1]);
      await until(isEmpty);
      assert.equal(at.length, 2);
      assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 450);
    });

    it('runs at once what is added while it waits for a retry', async () => {
      let count = 0;
      const queue = await open({
        resource: async () => {
          count += 1;
          if (count === 1) throw new RetryLater('busy', 3_600_000);
        },
      });
      await queue.add([R1]);
      await until(async () => (await queue.counts()).waiting === 1 && count === 1);
      await queue.add([R1]);
      await until(isEmpty);
      assert.equal(count, 2);
    });

    it('keeps a job whose archival failed, with its reason, and only the latest of a resource', async () => {
      let count = 0;
      const queue = await open({
        resource: async () => {
          count += 1;
          throw new ArchivalFailed(`The server answered 503, time ${count}.`);
        },
      });
      for (const wanted of [1, 2]) {
        await queue.add([R1]);
        await until(async () => count === wanted && (await queue.counts()).failed === 1);
      }
      await until(async () => (await inQueue())[0]?.failReason === 'The server answered 503, time 2.');
      assert.deepEqual(await queue.counts(), { waiting: 0, running: 0, failed: 1 });
    });

    it('tries a job again whose handler threw, until it goes well', async () => {
      const retries: number[] = [];
      const queue = await open({
        resource: async (_resourceId, { retryCount }) => {
          retries.push(retryCount);
          if (retries.length === 1) throw new TypeError('the store is away');
        },
      });
      await queue.add([R1]);
      await until(isEmpty);
      assert.deepEqual(retries, [0, 1]);
    });

    it('runs a host again until nothing is due, and leaves nothing behind', async () => {
      let count = 0;
      const queue = await open({ host: async () => (++count < 3 ? new Date() : null) });
      await queue.add([HOST]);
      await until(isEmpty);
      assert.equal(count, 3);
      await queue.add([HOST]);
      await until(async () => count === 4 && (await isEmpty()));
    });

    it('has one job of a host, which runs once more when it is added while it runs', async () => {
      let count = 0;
      const first = gate();
      const queue = await open({
        host: async () => {
          count += 1;
          await first.passed;
          return null;
        },
      });
      await Promise.all([queue.add([HOST, HOST]), queue.add([HOST])]);
      await until(() => count === 1);
      await Promise.all([queue.add([HOST]), queue.add([HOST])]);
      assert.equal((await inQueue()).length, 1);
      first.open();
      await until(isEmpty);
      assert.equal(count, 2);
    });

    it('starts what a person asked for while every place of the bulk lane is taken', async () => {
      const hosts = gate();
      let bulk = 0;
      const ran: string[] = [];
      const queue = await open(
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
      await until(isEmpty);
    });

    it('gives back what runs and what waits when it stops, and starts nothing more', async () => {
      const began: string[] = [];
      const interrupted: string[] = [];
      const stopping = await open(
        { resource: (resourceId, job) => forever(resourceId, job, began, interrupted) },
        { concurrency: 2 },
      );
      await stopping.add(['r1', 'r2', 'r3', 'r4', 'r5'].map((resourceId) => ({ kind: 'resource', resourceId })));
      await until(() => began.length === 2);
      await stopping.stop(5000);
      assert.equal(interrupted.length, 2);
      const ran = new Set<string>();
      await open({ resource: async (resourceId) => void ran.add(resourceId) });
      await until(isEmpty);
      assert.deepEqual([...ran].sort(), ['r1', 'r2', 'r3', 'r4', 'r5']);
      assert.equal(began.length, 2);
    });

    it('gives a job back at the deadline although its work does not end', async () => {
      let began = false;
      const deaf = gate();
      const stopping = await open({
        resource: () => {
          began = true;
          return deaf.passed;
        },
      });
      await stopping.add([R1]);
      await until(() => began);
      await stopping.stop(50);
      const ran: string[] = [];
      await open({ resource: async (resourceId) => void ran.push(resourceId) });
      await until(() => ran.length === 1);
      deaf.open();
    });

    it('never starts a job a second time that lasts longer than its lock', async () => {
      const began: string[] = [];
      const work = gate();
      const handlers = {
        resource: (resourceId: string) => {
          began.push(resourceId);
          return work.passed;
        },
      };
      const queue = await open(handlers, { lockMs: 600 });
      await open(handlers, { lockMs: 600 });
      await queue.add([R1]);
      await until(() => began.length === 1);
      // Nothing can be awaited where nothing may happen: three times the lock's length, then it must still be one.
      await new Promise((resolve) => setTimeout(resolve, 1800));
      assert.deepEqual(began, ['r1']);
      work.open();
      await until(isEmpty);
    });

    it('takes a job over from a process that was killed', async () => {
      const child = spawnWorker({ lockMs: 800 });
      const adding = await open(null);
      await adding.add([{ kind: 'resource', resourceId: 'endless' }]);
      assert.equal(await firstLine(child), 'began endless');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const ran: string[] = [];
      await open({ resource: async (resourceId) => void ran.push(resourceId) }, { lockMs: 800 });
      await until(isEmpty);
      assert.deepEqual(ran, ['endless']);
    });

    it('lets its process end as soon as it is stopped', async () => {
      const child = spawnWorker();
      const ended = once(child, 'exit');
      const adding = await open(null);
      await adding.add([R1]);
      assert.equal(await firstLine(child), 'began r1');
      assert.deepEqual(await ended, [0, null]);
    });

    it('answers a ping while it is started', async () => {
      const queue = await open(null);
      await queue.ping();
      await queue.stop(100);
      await assert.rejects(queue.ping(), { code: 'queue-failed' });
      await assert.rejects(queue.add([R1]), { code: 'queue-failed' });
    });
  });
}

/** Ends only when it is interrupted. */
function forever(resourceId: string, { signal }: JobContext, began: string[], interrupted: string[]): Promise<void> {
  began.push(resourceId);
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      interrupted.push(resourceId);
      reject(signal.reason);
    });
  });
}
