import type { JobId, JobParameters, JobRepository, JobRepositoryOptions, RemoveJobsOptions } from 'agenda';
import { Renewal } from '../lease/renewal.ts';
import { JOB_NAMES } from './jobNames.ts';
import type { QueueBackend } from './QueueBackend.ts';
import type { QueueClock } from './queueClock.ts';
import { TakenJobs } from './takenJobs.ts';

/** How long locks last, and what to call when one ends. */
export interface LockOptions {
  /** A dead process's jobs are taken up again after so long; a living one renews three times as often. */
  readonly lockMs: number;
  readonly clock: QueueClock;
  /** Jobs of each kind that run concurrently. */
  readonly concurrency: number;
  /** A place became free: another job may be taken. */
  onFreed(jobName: string): void;
}

/** Places for hosts' jobs that become free within this are filled together. */
const GATHERING_MS = 15;
/** Further away than any job lasts. */
const NEVER = new Date('9999-01-01T00:00:00Z');

/**
 * Agenda's jobs with locks that hold as long as this process lives. By itself Agenda keeps a lock only for jobs that
 * call `touch` (which writes their whole state, and may undo what another write says); a job whose lock ended while it
 * waited for its turn takes up its place indefinitely; and `stop` unlocks jobs in a way that may lose them. So here one
 * statement renews all locks, in memory no lock ever ends, and unlocking always leaves a job that will be found.
 */
export class RenewedLocks implements JobRepository {
  readonly #backend: QueueBackend;
  readonly #jobs: JobRepository;
  readonly #options: LockOptions;
  /** By id: the names of the jobs. */
  readonly #held = new Map<string, string>();
  readonly #taken = new TakenJobs();
  /** Jobs of these names are looked for in a moment. */
  readonly #isLooking = new Set<string>();
  /** Jobs that went well: Agenda removes them in a moment. */
  readonly #ending = new Map<string, string>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #renewal: Renewal;
  #isClosed = false;

  constructor(backend: QueueBackend, options: LockOptions) {
    this.#backend = backend;
    this.#jobs = backend.repository;
    this.#options = options;
    this.#renewal = new Renewal(options.lockMs, () => this.#renew());
  }

  /** No job is taken from here on. */
  closeIntake(): void {
    this.#isClosed = true;
  }

  /** Waits for what is being written, then gives back what is still held: its work may go on, but its lock does not. */
  async close(): Promise<void> {
    this.#renewal.stop();
    do {
      await Promise.allSettled(this.#underWay);
      await new Promise(setImmediate);
    } while (this.#underWay.size > 0);
    await this.unlockJobs([...this.#held.keys()]);
  }

  async getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    _lockDeadline: Date,
    _now: Date | undefined,
    options: JobRepositoryOptions | undefined,
  ): Promise<JobParameters | undefined> {
    if (this.#isClosed) return undefined;
    const { clock } = this.#options;
    const job = await this.#taken.next(jobName, () => this.#take(jobName, clock.toShared(nextScanAt), options));
    if (!job?._id) return undefined;
    if (!this.#isClosed) return { ...job, lockedAt: NEVER, nextRunAt: job.nextRunAt && clock.toLocal(job.nextRunAt) };
    await this.unlockJobs([job._id]);
    return undefined;
  }

  /** No more than can run: none waits here while another process is idle. */
  async #take(
    jobName: string,
    until: Date,
    options: JobRepositoryOptions | undefined,
  ): Promise<readonly JobParameters[]> {
    const { clock, lockMs, concurrency } = this.#options;
    const now = clock.now();
    const deadline = new Date(now.getTime() - lockMs);
    const running = [...this.#held.values()].filter((name) => name === jobName).length;
    const count = Math.max(1, concurrency - running);
    const lastModifiedBy = options?.lastModifiedBy ?? null;
    const one = async () => {
      const job = await this.#jobs.getNextJobToRun(jobName, until, deadline, now, options);
      return job ? [job] : [];
    };
    const many = this.#backend.take?.({ jobName, count, until, deadline, now, lastModifiedBy });
    const taken = await this.#track<readonly JobParameters[]>(many ?? one());
    for (const { _id } of taken) this.#held.set(String(_id), jobName);
    return taken;
  }

  async saveJobState(job: JobParameters, options: JobRepositoryOptions | undefined): Promise<void> {
    const id = String(job._id);
    if (job.lockedAt) return this.#saveBegun(id, job, options);
    const ended = this.#shared(job);
    // Agenda would take a job that has no lock while its end is written for one that was taken away.
    job.lockedAt = NEVER;
    try {
      await this.#track(this.#jobs.saveJobState(ended, options));
    } catch (error) {
      if (!this.#backend.isDuplicate(error)) throw error;
      // Another job of the same resource waits already; it does what this one would have done later.
      await this.removeJobs({ id });
    } finally {
      this.#held.delete(id);
      if (isRemovedNext(ended)) this.#ending.set(id, ended.name);
      else this.#freed(ended.name);
    }
  }

  /** Agenda does not run a job whose beginning could not be written, and never ends it either: its lock must end. */
  async #saveBegun(id: string, job: JobParameters, options: JobRepositoryOptions | undefined): Promise<void> {
    try {
      await this.#track(
        this.#jobs.saveJobState({ ...this.#shared(job), lockedAt: this.#options.clock.now() }, options),
      );
    } catch (error) {
      this.#held.delete(id);
      throw error;
    }
  }

  async removeJobs(options: RemoveJobsOptions): Promise<number> {
    try {
      return await this.#track(this.#jobs.removeJobs(options));
    } finally {
      const jobName = this.#ending.get(String(options.id));
      this.#ending.delete(String(options.id));
      if (jobName !== undefined) this.#freed(jobName);
    }
  }

  async unlockJobs(ids: (JobId | string)[]): Promise<void> {
    for (const id of ids) this.#held.delete(String(id));
    for (const id of ids.map(String)) {
      try {
        await this.#track(this.#backend.unlock(id));
      } catch (error) {
        if (!this.#backend.isDuplicate(error)) throw error;
        await this.removeJobs({ id });
      }
    }
  }

  async unlockJob(job: JobParameters): Promise<void> {
    if (job._id) await this.unlockJobs([job._id]).catch(() => undefined);
  }

  connect: JobRepository['connect'] = async () => undefined;
  queryJobs: JobRepository['queryJobs'] = (options) => this.#jobs.queryJobs(options);
  getJobsOverview: JobRepository['getJobsOverview'] = () => this.#jobs.getJobsOverview();
  getDistinctJobNames: JobRepository['getDistinctJobNames'] = () => this.#jobs.getDistinctJobNames();
  getJobById: JobRepository['getJobById'] = (id) => this.#jobs.getJobById(id);
  getQueueSize: JobRepository['getQueueSize'] = () => this.#jobs.getQueueSize();
  saveJob: JobRepository['saveJob'] = (job, options) => this.#track(this.#jobs.saveJob(job, options));
  lockJob: JobRepository['lockJob'] = (job, options) => this.#jobs.lockJob(job, options);
  disableJobs: JobRepository['disableJobs'] = (options) => this.#jobs.disableJobs(options);
  enableJobs: JobRepository['enableJobs'] = (options) => this.#jobs.enableJobs(options);
  purgeAllJobs: JobRepository['purgeAllJobs'] = () => this.#jobs.purgeAllJobs();

  /**
   * Agenda counts the place as free a moment later, so the next job is looked for in the next turn; that of a host, for which nobody
   * waits, a moment later, with those for other places that become free.
   */
  #freed(jobName: string): void {
    if (this.#isLooking.has(jobName)) return;
    this.#isLooking.add(jobName);
    const look = () => {
      this.#isLooking.delete(jobName);
      this.#options.onFreed(jobName);
    };
    if (jobName === JOB_NAMES.host) setTimeout(look, GATHERING_MS);
    else setImmediate(look);
  }

  async #renew(): Promise<void> {
    if (this.#held.size > 0) await this.#track(this.#backend.renew([...this.#held.keys()]));
  }

  #shared(job: JobParameters): JobParameters {
    return { ...job, nextRunAt: job.nextRunAt && this.#options.clock.toShared(job.nextRunAt) };
  }

  #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work);
    const done = () => void this.#underWay.delete(work);
    work.then(done, done);
    return work;
  }
}

/** Agenda's own rule: what went well and has no next start is removed. */
function isRemovedNext({ nextRunAt, failedAt, lastFinishedAt }: JobParameters): boolean {
  return !nextRunAt && (!failedAt || !lastFinishedAt || failedAt < lastFinishedAt);
}
