import type { StartWait } from '../model/startWait.ts';

/** Work that is handed to the queue. A resource job is unique per resource, a host job per host. */
export type Job =
  | {
      readonly kind: 'resource';
      readonly resourceId: string;
      /** Among jobs that are due, the earlier turn starts first; left out: after all that have one. */
      readonly turnAt?: Date;
    }
  | { readonly kind: 'host'; readonly host: string };

/** A job as it lies in the queue. */
export interface QueuedJob {
  readonly kind: Job['kind'];
  /** The resource's id, or the host. */
  readonly key: string;
  readonly state: 'waiting' | 'running' | 'failed';
  /** When it starts (again); null: it runs, or has failed for good. */
  readonly startsAt: Date | null;
  readonly startedAt: Date | null;
  readonly failedAt: Date | null;
  readonly failures: number;
  /** Why it failed last, as a sentence. */
  readonly reason: string | null;
}

/** Which jobs are listed; null: any. */
export interface JobFilter {
  readonly kind: Job['kind'] | null;
  readonly state: QueuedJob['state'] | null;
  readonly skip: number;
  readonly limit: number;
}

/** What the queue calls when a job's turn comes. */
export interface JobHandlers {
  /** Rejecting with {@link RetryLater} runs it again after its delay; any other error is retried by the queue itself. */
  resource(resourceId: string, job: JobContext): Promise<void>;
  /** Answers when the host's next job should start, null when nothing is due. */
  host(host: string, job: JobContext): Promise<Date | null>;
}

/** What a handler knows of the job that it runs. `signal` fires when the queue stops. */
export interface JobContext {
  /** 0 for the first run, then counted up with each retry of this job. */
  readonly retryCount: number;
  readonly signal: AbortSignal;
  /** Fires before `signal`: what runs may end, and nothing new begins. */
  readonly closing?: AbortSignal;
}

/**
 * The queue edge. A job that waits is not added twice. A host's job that runs when it is added runs once more; a
 * resource's job may be added while another runs. Two processes may still add one each at the same moment: correctness rests on
 * leases alone, and a job that finds nothing wanted does nothing.
 */
export interface JobQueue {
  /** `agenda-mongodb` or `agenda-postgresql`. */
  readonly name: string;
  /**
   * Connects; with handlers also works on jobs. Where it must wait for another process it does so by `wait`. Throws
   * `ArchiverError('queue-failed')`, or what `wait` throws.
   */
  start(handlers: JobHandlers | null, wait?: StartWait): Promise<void>;
  /** Default: start now. One that waits for a later moment starts at `startAt`. */
  add(jobs: readonly Job[], startAt?: Date): Promise<void>;
  /** Waits for running jobs up to the deadline after aborting their signals; gives locks back. Idempotent. */
  stop(deadlineMs: number): Promise<void>;
  ping(): Promise<void>;
  counts(): Promise<{ readonly waiting: number; readonly running: number; readonly failed: number }>;
  /** Those that run first, then by their start. Optional: without it a page shows counts alone. */
  list?(filter: JobFilter): Promise<readonly QueuedJob[]>;
}
