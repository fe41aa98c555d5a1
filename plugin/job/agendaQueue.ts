import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Agenda, type Job as AgendaJob } from 'agenda';
import { ArchivalFailed, ArchiverError, messageOf, RetryLater } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { StartWait } from '../model/startWait.ts';
import { addJobs } from './addJobs.ts';
import { type BackendSettings, type OpenBackend, openBackend } from './agendaBackend.ts';
import type { Dashboard } from './agendash.ts';
import type { Job, JobContext, JobFilter, JobHandlers, JobQueue, QueuedJob } from './JobQueue.ts';
import { ANSWER_MS, JOB_NAMES } from './jobNames.ts';
import { QueueClock } from './queueClock.ts';
import { RenewedLocks } from './renewedLocks.ts';
import { within } from './within.ts';

/** How a process works on the queue. */
export interface QueueSettings extends Omit<BackendSettings, 'clock'> {
  /** How often a worker looks for jobs whose notification it missed. */
  readonly pollMs: number;
  /** Jobs of each kind that run concurrently in this process. */
  readonly concurrency: number;
  /** A job of a dead worker is taken up again after this; default 30 s. */
  readonly lockMs?: number;
  /** The clock that all workers share; default: the machine's. */
  now?(): Date;
  readonly logger: Logger;
}

const LOCK_MS = 30_000;
/** Agenda looks twice as often whether a job still has its lock, by a timer that outlives the job. */
const AGENDA_LOCK_MS = 2000;
const COMPLAINT_MS = 10_000;
/** For who starts the queue by itself. */
const UNWATCHED: StartWait = { signal: new AbortController().signal, pause: () => setTimeout(250) };
/** Waits after errors of our services, the last one again and again: such a job is tried until it goes through. */
const SERVICE_WAITS_MS = [1000, 5000, 30_000, 60_000];

/** Agenda, on MongoDB or PostgreSQL. */
export class AgendaQueue implements JobQueue {
  readonly #settings: QueueSettings;
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  #open: OpenQueue | null = null;
  #adding: Promise<unknown> = Promise.resolve();
  #complainedAt = Number.NEGATIVE_INFINITY;
  readonly #clock: QueueClock;

  constructor(settings: QueueSettings) {
    this.#settings = settings;
    this.#clock = new QueueClock(settings.now ?? (() => new Date()));
    // Every archival under way listens.
    setMaxListeners(0, this.#stopping.signal);
  }

  get name(): string {
    return this.#settings.mongodbUrl === null ? 'agenda-postgresql' : 'agenda-mongodb';
  }

  async start(handlers: JobHandlers | null, wait: StartWait = UNWATCHED): Promise<void> {
    if (this.#open) return;
    try {
      const backend = await openBackend({ ...this.#settings, clock: this.#clock }, wait);
      try {
        // A stop that came meanwhile had nothing to close yet.
        wait.signal.throwIfAborted();
        this.#open = this.#agendaOn(backend);
        if (handlers) await this.#work(this.#open, handlers);
        else await backend.notifications.connect();
      } catch (error) {
        if (this.#open) await this.stop(0);
        else await backend.close();
        throw error;
      }
    } catch (error) {
      throw queueFailed('starting', error);
    }
  }

  async add(jobs: readonly Job[], startAt = this.#clock.now()): Promise<void> {
    const open = this.#demand();
    // One at a time, so that of two callers the second sees what the first adds.
    const added = this.#adding.then(() => addJobs(open, jobs, startAt));
    this.#adding = added.catch(() => undefined);
    try {
      await added;
    } catch (error) {
      throw queueFailed('adding jobs', error);
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (!open) return;
    const { agenda, locks, backend } = open;
    locks.closeIntake();
    this.#stopping.abort(new ArchiverError('stopped', 'The worker stops.'));
    // Ends intake and unlocks what has not begun; the connection stays for the jobs that still end.
    await agenda.stop(false).catch(() => undefined);
    await backend.notifications.disconnect();
    await within(deadlineMs, Promise.allSettled([...this.#running, this.#adding])).catch(() => undefined);
    await within(ANSWER_MS, locks.close()).catch(() => undefined);
    await within(ANSWER_MS, backend.close()).catch(() => undefined);
  }

  async ping(): Promise<void> {
    const { backend } = this.#demand();
    try {
      await within(ANSWER_MS, backend.jobs.ping());
    } catch (error) {
      throw queueFailed('asking whether it answers', error);
    }
  }

  async counts(): Promise<{ waiting: number; running: number; failed: number }> {
    try {
      return await within(ANSWER_MS, this.#demand().backend.jobs.counts());
    } catch (error) {
      throw queueFailed('counting jobs', error);
    }
  }

  async list(filter: JobFilter): Promise<readonly QueuedJob[]> {
    try {
      return await within(ANSWER_MS, this.#demand().backend.jobs.list(filter));
    } catch (error) {
      throw queueFailed('listing jobs', error);
    }
  }

  /** Agendash over the jobs, made when it is asked for. */
  async dashboard(): Promise<Dashboard> {
    const open = this.#demand();
    const { openAgendash } = await import('./agendash.ts');
    open.dashboard ??= openAgendash(open.agenda);
    return open.dashboard;
  }

  #agendaOn(backend: OpenBackend): OpenQueue {
    const { pollMs, concurrency, lockMs = LOCK_MS } = this.#settings;
    const onFreed = (jobName: string) => backend.notifications.pollNow(jobName);
    const locks = new RenewedLocks(backend.jobs, { lockMs, clock: this.#clock, concurrency, onFreed });
    const agenda = new Agenda({
      backend: {
        name: this.name,
        repository: locks,
        ownsConnection: false,
        // Connected already: Agenda would end the process with an unhandled rejection if it could not connect.
        connect: async () => undefined,
        disconnect: async () => undefined,
      },
      notificationChannel: backend.notifications,
      processEvery: pollMs,
      maxConcurrency: concurrency * 2,
      defaultLockLifetime: AGENDA_LOCK_MS,
      removeOnComplete: true,
    });
    agenda.on('error', (error) => this.#complain(error));
    return { agenda, locks, backend };
  }

  async #work({ agenda, backend }: OpenQueue, handlers: JobHandlers): Promise<void> {
    const { concurrency } = this.#settings;
    // No more are locked than can run: a job never waits here while another process is idle.
    const options = { concurrency, lockLimit: concurrency, lockLifetime: AGENDA_LOCK_MS, backoff: waitAfter };
    agenda.define<{ resourceId: string }>(
      JOB_NAMES.resource,
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
      JOB_NAMES.host,
      (job) =>
        this.#run(job, async (context) => {
          // Agenda keeps a job whose next start is set. One that has none goes while its lock holds: left behind by a
          // server that died just then, it would stand in the way of the host's next job.
          const nextAt = await handlers.host(job.attrs.data.host, context);
          job.attrs.nextRunAt = nextAt && this.#clock.toLocal(nextAt);
          if (job.attrs.nextRunAt !== null) return;
          const isGone = await backend.jobs.removeUnwanted(String(job.attrs._id));
          if (!isGone) job.attrs.nextRunAt = new Date();
        }),
      options,
    );
    await agenda.start();
  }

  async #run<Data>(job: AgendaJob<Data>, work: (context: JobContext) => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const running = work({ retryCount: job.attrs.failCount ?? 0, signal });
    this.#running.add(running);
    await running.finally(() => this.#running.delete(running));
  }

  /** A server that is away fails every look into the queue; one line in ten seconds says so. */
  #complain(error: Error): void {
    const at = performance.now();
    if (at - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = at;
    this.#settings.logger.warn({ error: messageOf(error) }, 'queue error');
  }

  #demand(): OpenQueue {
    if (!this.#open) throw new ArchiverError('queue-failed', 'The queue is not started.');
    return this.#open;
  }
}

interface OpenQueue {
  readonly agenda: Agenda;
  readonly locks: RenewedLocks;
  readonly backend: OpenBackend;
  dashboard?: Dashboard;
}

/** Milliseconds to the next run; null: the job stays in the queue as failed. */
function waitAfter({ attempt, error }: { attempt: number; error: Error }): number | null {
  if (error instanceof RetryLater) return error.delayMs;
  if (error instanceof ArchivalFailed) return null;
  if (error instanceof ArchiverError && error.code === 'stopped') return 0;
  return SERVICE_WAITS_MS[Math.min(attempt, SERVICE_WAITS_MS.length) - 1] ?? null;
}

/** One failed job a resource is enough; without this they would pile up with every sweep. */
async function dropEarlierFailures(agenda: Agenda, resourceId: string): Promise<void> {
  const { jobs } = await agenda.queryJobs({ name: JOB_NAMES.resource, data: { resourceId }, state: 'failed' });
  const ids = jobs.filter(({ nextRunAt }) => !nextRunAt).map(({ _id }) => _id);
  if (ids.length > 0) await agenda.cancel({ ids });
}

function queueFailed(doing: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  return new ArchiverError('queue-failed', `The queue failed while ${doing}: ${messageOf(cause)}`, { cause });
}
