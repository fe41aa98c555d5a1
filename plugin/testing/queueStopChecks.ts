import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { JobContext } from '../job/JobQueue.ts';
import { gate } from './gate.ts';
import type { QueueCheck, QueueTest } from './QueueUnderTest.ts';
import { until } from './until.ts';

const R1 = { kind: 'resource', resourceId: 'r1' } as const;

/** What holds when an instance stops, and of jobs that last long. */
export const STOP_CHECKS: Readonly<Record<string, QueueCheck>> = {
  'gives back what runs and what waits when it stops, and starts nothing more': givesBack,
  'gives a job back at the deadline although its work does not end': givesBackAtDeadline,
  'never starts a job a second time that lasts longer than its lock': renewsLock,
  'answers a ping while it is started': answersPing,
};

/** What holds of jobs whose process ends. */
export const PROCESS_CHECKS: Readonly<Record<string, QueueCheck>> = {
  'takes a job over from a process that was killed': takesOver,
  'lets its process end as soon as it is stopped': letsProcessEnd,
};

async function givesBack(test: QueueTest): Promise<void> {
  const began: string[] = [];
  const interrupted: string[] = [];
  const stopping = await test.open(
    { resource: (resourceId, job) => forever(resourceId, job, began, interrupted) },
    { concurrency: 2 },
  );
  await stopping.add(['r1', 'r2', 'r3', 'r4', 'r5'].map((resourceId) => ({ kind: 'resource', resourceId })));
  await until(() => began.length === 2);
  await stopping.stop(5000);
  assert.equal(interrupted.length, 2);
  const ran = new Set<string>();
  await test.open({ resource: async (resourceId) => void ran.add(resourceId) });
  await until(() => test.isEmpty());
  assert.deepEqual([...ran].sort(), ['r1', 'r2', 'r3', 'r4', 'r5']);
  assert.equal(began.length, 2);
}

async function givesBackAtDeadline(test: QueueTest): Promise<void> {
  let began = false;
  const deaf = gate();
  const stopping = await test.open({
    resource: () => {
      began = true;
      return deaf.passed;
    },
  });
  await stopping.add([R1]);
  await until(() => began);
  await stopping.stop(50);
  const ran: string[] = [];
  await test.open({ resource: async (resourceId) => void ran.push(resourceId) });
  await until(() => ran.length === 1);
  deaf.open();
}

async function renewsLock(test: QueueTest): Promise<void> {
  const began: string[] = [];
  const work = gate();
  const handlers = {
    resource: (resourceId: string) => {
      began.push(resourceId);
      return work.passed;
    },
  };
  const queue = await test.open(handlers, { lockMs: 600 });
  await test.open(handlers, { lockMs: 600 });
  await queue.add([R1]);
  await until(() => began.length === 1);
  // Nothing can be awaited where nothing may happen: three times the lock's length, then it must still be one.
  await new Promise((resolve) => setTimeout(resolve, 1800));
  assert.deepEqual(began, ['r1']);
  work.open();
  await until(() => test.isEmpty());
}

async function answersPing(test: QueueTest): Promise<void> {
  const queue = await test.open(null);
  await queue.ping();
  await queue.stop(100);
  await assert.rejects(queue.ping(), { code: 'queue-failed' });
  await assert.rejects(queue.add([R1]), { code: 'queue-failed' });
}

async function takesOver(test: QueueTest): Promise<void> {
  const child = test.spawnWorker({ lockMs: 800 });
  const adding = await test.open(null);
  await adding.add([{ kind: 'resource', resourceId: 'endless' }]);
  assert.equal(await firstLine(child), 'began endless');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const ran: string[] = [];
  await test.open({ resource: async (resourceId) => void ran.push(resourceId) }, { lockMs: 800 });
  await until(() => test.isEmpty());
  assert.deepEqual(ran, ['endless']);
}

async function letsProcessEnd(test: QueueTest): Promise<void> {
  const child = test.spawnWorker();
  const ended = once(child, 'exit');
  const adding = await test.open(null);
  await adding.add([R1]);
  assert.equal(await firstLine(child), 'began r1');
  assert.deepEqual(await ended, [0, null]);
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

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new TypeError('The standard output of the child is no pipe.');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return String(line);
}
