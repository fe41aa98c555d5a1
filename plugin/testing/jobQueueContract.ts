import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { JobHandlers, JobQueue } from '../job/JobQueue.ts';
import { JOB_CHECKS } from './jobChecks.ts';
import type { JobQueueSubject, QueueOptions, QueueTest, QueueUnderTest } from './QueueUnderTest.ts';
import { PROCESS_CHECKS, STOP_CHECKS } from './queueStopChecks.ts';

/** Registers what every `JobQueue` must do, whichever server keeps its jobs; each title completes "NAME as a job queue". */
export function jobQueueContract({ name, skip = false, open }: JobQueueSubject): void {
  describe(`${name} as a job queue`, { skip }, () => {
    let test: RunningTest;
    beforeEach(async () => {
      test = new RunningTest(await open());
    });
    afterEach(() => test?.end());

    for (const [title, check] of Object.entries({ ...JOB_CHECKS, ...STOP_CHECKS })) it(title, () => check(test));
    for (const [title, check] of Object.entries(PROCESS_CHECKS)) {
      it(title, async (context) => {
        if (test.place.spawnWorker) await check(test);
        else context.skip('no other process can be started');
      });
    }
  });
}

class RunningTest implements QueueTest {
  readonly place: QueueUnderTest;
  readonly #queues: JobQueue[] = [];
  readonly #children: ChildProcess[] = [];

  constructor(place: QueueUnderTest) {
    this.place = place;
  }

  async open(handlers: Partial<JobHandlers> | null, options: QueueOptions = {}): Promise<JobQueue> {
    const queue = this.place.create(options);
    this.#queues.push(queue);
    await queue.start(handlers && { resource: async () => undefined, host: async () => null, ...handlers });
    return queue;
  }

  spawnWorker(options: QueueOptions = {}): ChildProcess {
    const child = this.place.spawnWorker?.(options);
    if (!child) throw new TypeError('The queue under test starts no processes.');
    this.#children.push(child);
    return child;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.place.held()).length === 0;
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const queue of this.#queues) await queue.stop(100);
    await this.place.close();
  }
}
