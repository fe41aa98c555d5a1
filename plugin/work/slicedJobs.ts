import { RetryLater } from '../errors.ts';
import type { JobContext, JobHandlers } from '../job/JobQueue.ts';

const NEXT_SLICE_MS = 1000;

/** Jobs of one slice of work: once it closes none begins, and what runs may end. */
export class SlicedJobs implements JobHandlers {
  readonly #jobs: JobHandlers;
  readonly #closing: AbortSignal;
  readonly #elapsedMs: () => number;
  #running = 0;
  #quietSinceMs: number;

  constructor(jobs: JobHandlers, closing: AbortSignal, elapsedMs: () => number) {
    this.#jobs = jobs;
    this.#closing = closing;
    this.#elapsedMs = elapsedMs;
    this.#quietSinceMs = elapsedMs();
  }

  /** Jobs under way. */
  get running(): number {
    return this.#running;
  }

  /** How long no job has run; 0 while one does. */
  get quietMs(): number {
    return this.#running > 0 ? 0 : this.#elapsedMs() - this.#quietSinceMs;
  }

  async resource(resourceId: string, job: JobContext): Promise<void> {
    if (this.#closing.aborted) throw new RetryLater('The slice of work ends.', NEXT_SLICE_MS);
    return this.#count(this.#jobs.resource(resourceId, { ...job, closing: this.#closing }));
  }

  async host(host: string, job: JobContext): Promise<Date | null> {
    if (this.#closing.aborted) return new Date(Date.now() + NEXT_SLICE_MS);
    return this.#count(this.#jobs.host(host, { ...job, closing: this.#closing }));
  }

  async #count<Result>(work: Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await work;
    } finally {
      this.#running -= 1;
      this.#quietSinceMs = this.#elapsedMs();
    }
  }
}
