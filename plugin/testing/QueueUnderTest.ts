import type { ChildProcess } from 'node:child_process';
import type { JobHandlers, JobQueue } from '../job/JobQueue.ts';

/** How an instance of the queue is made. */
export interface QueueOptions {
  /** A job of a process that died is taken up by another after so long; default 30 s. */
  readonly lockMs?: number;
  /** Jobs of each kind that one instance runs at the same time; default 8. */
  readonly concurrency?: number;
}

/** One empty queue. An instance must see a due job within 100 ms. */
export interface QueueUnderTest {
  /** Another instance on the same queue, as another process has it, not started. The suite stops it. */
  create(options: QueueOptions): JobQueue;
  /**
   * Starts a process of node that calls `workOnQueue` with an instance on the same queue; its standard output is a pipe.
   * The suite ends it. Left out: what happens to the jobs of a process that died is not tried.
   */
  spawnWorker?(options: QueueOptions): ChildProcess;
  /** Every job that the queue holds, waiting, running or failed. */
  held(): Promise<readonly HeldJob[]>;
  /** Closes what was opened for this queue and removes it. */
  close(): Promise<void>;
}

/** A job in the queue. */
export interface HeldJob {
  /** Why it failed for good; null: it did not. */
  readonly failReason: string | null;
}

/** A name for the report, and how to open an empty queue; it is called before each test. */
export interface JobQueueSubject {
  readonly name: string;
  /** The reason why the queue cannot be tried here, such as a missing service; the suite is skipped with it. */
  readonly skip?: string | false;
  open(): Promise<QueueUnderTest>;
}

/** One test's queue with what it started. */
export interface QueueTest {
  readonly place: QueueUnderTest;
  /** A started instance; of the handlers that are left out, resources go well and hosts have nothing due. */
  open(handlers: Partial<JobHandlers> | null, options?: QueueOptions): Promise<JobQueue>;
  spawnWorker(options?: QueueOptions): ChildProcess;
  /** The queue holds nothing at all. */
  isEmpty(): Promise<boolean>;
}

/** One thing that a queue must do; rejects when it does not. */
export type QueueCheck = (test: QueueTest) => Promise<void>;
