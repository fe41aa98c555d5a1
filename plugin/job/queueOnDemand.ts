import type { Job, JobFilter, JobHandlers, JobQueue, QueuedJob } from './JobQueue.ts';

/** A queue of a process that works on no jobs: it is connected, and its table made, only when a job is to be added. */
export class QueueOnDemand implements JobQueue {
  readonly #queue: JobQueue;
  #started: Promise<void> | null = null;

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  get name(): string {
    return this.#queue.name;
  }

  /** Connects nothing. Handlers would never be called: who has some starts the queue itself. */
  async start(_handlers: JobHandlers | null): Promise<void> {}

  async add(jobs: readonly Job[], startAt?: Date): Promise<void> {
    if (jobs.length === 0) return;
    await this.#connected();
    await this.#queue.add(jobs, startAt);
  }

  async ping(): Promise<void> {
    await this.#connected();
    await this.#queue.ping();
  }

  async counts(): ReturnType<JobQueue['counts']> {
    await this.#connected();
    return this.#queue.counts();
  }

  async list(filter: JobFilter): Promise<readonly QueuedJob[]> {
    await this.#connected();
    return (await this.#queue.list?.(filter)) ?? [];
  }

  /** A try that fails is made again with the next job. */
  #connected(): Promise<void> {
    this.#started ??= this.#queue.start(null).catch((error: unknown) => {
      this.#started = null;
      throw error;
    });
    return this.#started;
  }

  stop(deadlineMs: number): Promise<void> {
    return this.#queue.stop(deadlineMs);
  }
}
