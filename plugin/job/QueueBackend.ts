import type { JobParameters, JobRepository } from 'agenda';
import type { Job, JobFilter, QueuedJob } from './JobQueue.ts';
import type { Taking } from './takePostgresJobs.ts';

/** Where Agenda keeps its jobs, and what we ask of that place beside Agenda. */
export interface QueueBackend {
  readonly repository: JobRepository;
  /** Locks many jobs in one statement, those that start first before others. Left out: they are taken one by one. */
  take?(by: Taking): Promise<readonly JobParameters[]>;
  /** Waiting jobs that start later than the moment of their key start then; a host's running job runs once more. */
  reschedule(kind: Job['kind'], starts: ReadonlyMap<string, Date>): Promise<void>;
  /** Of these, the keys that have a job which waits (resources) or waits or runs (hosts). */
  pending(kind: Job['kind'], keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Adds new jobs; one whose key got a waiting job meanwhile is left out where the server knows it. */
  insert(jobs: readonly JobParameters[]): Promise<void>;
  /** Removes a job that runs, unless it was rescheduled meanwhile; answers whether it did. */
  removeUnwanted(id: string): Promise<boolean>;
  /** Renews the locks of these jobs, as far as they are locked. */
  renew(ids: readonly string[]): Promise<void>;
  /** Unlocks; a job that had begun already starts again immediately. */
  unlock(id: string): Promise<void>;
  counts(): Promise<{ waiting: number; running: number; failed: number }>;
  /** As `JobQueue.list`. */
  list(filter: JobFilter): Promise<readonly QueuedJob[]>;
  /** true: the server refused a second waiting job of the same key. */
  isDuplicate(error: unknown): boolean;
  ping(): Promise<void>;
  /** Ends what we opened. */
  close(): Promise<void>;
}
