import { Agenda, type Job as AgendaJob } from 'agenda';
import { ArchiverError, messageOf } from '../errors.ts';
import type { Logger } from '../portal/Portal.ts';
import { type BackendSettings, openBackend, type QueueBackend } from './agendaBackend.ts';
import type { Job, JobContext, JobHandlers, JobQueue } from './JobQueue.ts';
import { ArchivalFailed, RetryLater } from './retryLater.ts';

export interface QueueSettings extends BackendSettings {
  /** How often a worker looks for jobs whose announcement it missed. */
  readonly pollMs: number;
  /** Jobs of each kind at once in this process. */
  readonly concurrency: number;
  readonly logger: Logger;
}

const RESOURCE = 'archive-resource';
const HOST = 'archive-host';
/** A job of a dead worker is taken up again after this; a living one says so three times as often. */
const LOCK_MS = 30_000;
const ADD_AT_ONCE = 20;
const ANSWER_MS = 8000;
/** Waits after errors of our services, the last one again and again: such a job is tried until it goes through. */
const SERVICE_WAITS_MS = [1000, 5000, 30_000, 60_000];

/** Agenda, on MongoDB or PostgreSQL. */
export class AgendaQueue implements JobQueue {
  readonly #settings: QueueSettings;
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #backend: QueueBackend | null = null;
  #agenda: Agenda | null = null;
  #works = false;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.mongodbUrl === null ? 'agenda-postgresql' : 'agenda-mongodb';
  }

  async start(handlers: JobHandlers | null): Promise<void> {
    if (this.#agenda) return;
    const { pollMs, concurrency, logger } = this.#settings;
    try {
      this.#backend = await openBackend(this.#settings);
      const agenda = new Agenda({
        backend: this.#backend.backend,
        notificationChannel: this.#backend.notifications,
        processEvery: pollMs,
        maxConcurrency: concurrency * 2,
        defaultLockLifetime: LOCK_MS,
        removeOnComplete: true,
      });
      agenda.on('error', (error) => logger.warn({ error: messageOf(error) }, 'queue error'));
      await within(ANSWER_MS, agenda.ready);
      this.#agenda = agenda;
      if (handlers) await this.#work(agenda, handlers);
      else await this.#backend.notifications.connect();
    } catch (error) {
      throw queueFailed('starting', error);
    }
  }

  async add(jobs: readonly Job[], startAt = new Date()): Promise<void> {
    const agenda = this.#demand();
    try {
      for (let from = 0; from < jobs.length; from += ADD_AT_ONCE) {
        const some = jobs.slice(from, from + ADD_AT_ONCE).map((job) => addOne(agenda, job, startAt));
        await within(ANSWER_MS, Promise.all(some));
      }
    } catch (error) {
      throw queueFailed('adding jobs', error);
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    const agenda = this.#agenda;
    const backend = this.#backend;
    this.#agenda = null;
    this.#backend = null;
    if (!agenda || !backend) return;
    this.#stopping.abort(new ArchiverError('stopped', 'The worker stops.'));
    // Ends intake and unlocks what has not begun; the connection stays for the jobs that still end.
    if (this.#works) await agenda.stop(false).catch(() => undefined);
    else await backend.notifications.disconnect().catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#running), delay(deadlineMs)]);
    await delay(50);
    await within(ANSWER_MS, backend.close()).catch(() => undefined);
  }

  async ping(): Promise<void> {
    this.#demand();
    try {
      if (this.#backend) await within(ANSWER_MS, this.#backend.ping());
    } catch (error) {
      throw queueFailed('asking whether it answers', error);
    }
  }

  async counts(): Promise<{ waiting: number; running: number; failed: number }> {
    try {
      const overviews = await within(ANSWER_MS, this.#demand().getJobsOverview());
      const sum = (pick: (overview: (typeof overviews)[number]) => number) =>
        overviews.reduce((total, overview) => total + pick(overview), 0);
      return {
        waiting: sum(({ queued, scheduled }) => queued + scheduled),
        running: sum(({ running }) => running),
        failed: sum(({ failed }) => failed),
      };
    } catch (error) {
      throw queueFailed('counting jobs', error);
    }
  }

  async #work(agenda: Agenda, handlers: JobHandlers): Promise<void> {
    const { concurrency } = this.#settings;
    const options = { concurrency, lockLimit: concurrency * 4, lockLifetime: LOCK_MS, backoff: waitAfter };
    agenda.define<{ resourceId: string }>(
      RESOURCE,
      (job) =>
        this.#run(job, async (context) => {
          try {
            await handlers.resource(job.attrs.data.resourceId, context);
          } catch (error) {
            if (error instanceof ArchivalFailed) await dropEarlierFailures(agenda, job.attrs.data.resourceId);
            throw error;
          }
        }),
      options,
    );
    agenda.define<{ host: string }>(
      HOST,
      (job) =>
        this.#run(job, async (context) => {
          // Agenda keeps a job whose next start is set, and removes one that has none.
          job.attrs.nextRunAt = await handlers.host(job.attrs.data.host, context);
        }),
      options,
    );
    await agenda.start();
    this.#works = true;
  }

  /** Keeps the job's lock while it runs, whatever its length, so that nobody starts it a second time. */
  async #run<Data>(job: AgendaJob<Data>, work: (context: JobContext) => Promise<void>): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    const { logger } = this.#settings;
    const touch = () =>
      job.touch().catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'a job could not be touched'));
    const timer = setInterval(touch, LOCK_MS / 3);
    const running = work({ retryCount: job.attrs.failCount ?? 0, signal: this.#stopping.signal });
    this.#running.add(running);
    try {
      await running;
    } finally {
      clearInterval(timer);
      this.#running.delete(running);
    }
  }

  #demand(): Agenda {
    if (!this.#agenda) throw new ArchiverError('queue-failed', 'The queue is not started.');
    return this.#agenda;
  }
}

function addOne(agenda: Agenda, job: Job, startAt: Date): Promise<unknown> {
  if (job.kind === 'resource') return agenda.create(RESOURCE, { resourceId: job.resourceId }).schedule(startAt).save();
  const unique = { 'data.host': job.host };
  return agenda.create(HOST, { host: job.host }).unique(unique, { insertOnly: true }).schedule(startAt).save();
}

/** Milliseconds to the next run; null: the job stays in the queue as failed. */
function waitAfter({ attempt, error }: { attempt: number; error: Error }): number | null {
  if (error instanceof RetryLater) return error.delayMs;
  if (error instanceof ArchivalFailed) return null;
  return SERVICE_WAITS_MS[Math.min(attempt, SERVICE_WAITS_MS.length) - 1] ?? null;
}

/** One failed job a resource tells enough; without this they would pile up with every sweep. */
async function dropEarlierFailures(agenda: Agenda, resourceId: string): Promise<void> {
  const { jobs } = await agenda.queryJobs({ name: RESOURCE, data: { resourceId }, state: 'failed' });
  const ids = jobs.map(({ _id }) => _id);
  if (ids.length > 0) await agenda.cancel({ ids });
}

function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function queueFailed(doing: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  return new ArchiverError('queue-failed', `The queue failed while ${doing}: ${messageOf(cause)}`, { cause });
}
