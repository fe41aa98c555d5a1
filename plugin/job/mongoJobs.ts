import type { JobParameters, JobRepository } from 'agenda';
import { type Collection, type Filter, MongoClient, ObjectId } from 'mongodb';
import type { Job, JobFilter, QueuedJob } from './JobQueue.ts';
import { ANSWER_MS, JOB_KEYS, JOB_NAMES } from './jobNames.ts';
import { claimCollection } from './mongoCollection.ts';
import { MongoJobList } from './mongoJobList.ts';
import type { QueueBackend } from './QueueBackend.ts';
import type { QueueClock } from './queueClock.ts';

interface JobDocument {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly nextRunAt: Date | null;
  readonly lockedAt: Date | null;
  readonly failedAt: Date | null;
  readonly lastRunAt?: Date | null;
  readonly failCount?: number | null;
  readonly failReason?: string | null;
}

const WAITS: Filter<JobDocument> = { nextRunAt: { $ne: null } };
const WAITS_OR_RUNS: Filter<JobDocument> = { $or: [WAITS, { lockedAt: { $ne: null } }] };
const PENDING = { resource: WAITS, host: WAITS_OR_RUNS };

const STATES: Readonly<Record<QueuedJob['state'], Filter<JobDocument>>> = {
  waiting: { lockedAt: null, nextRunAt: { $ne: null } },
  running: { lockedAt: { $ne: null } },
  failed: { lockedAt: null, nextRunAt: null, failedAt: { $ne: null } },
};
const ANY_STATE: Filter<JobDocument> = { $or: Object.values(STATES) };

/** Where the jobs lie. */
export interface MongoPlace {
  /** Its name, where no other archiver has taken it. */
  readonly collection: string;
  /** What tells this archiver from others; null: nothing does. */
  readonly identity: string | null;
}

/** Agenda's jobs in MongoDB. */
export class MongoJobs implements QueueBackend {
  readonly repository: JobRepository;
  readonly #client: MongoClient;
  readonly #name: string;
  readonly #jobs: Collection<JobDocument>;
  readonly #clock: QueueClock;

  private constructor(
    client: MongoClient,
    repository: JobRepository,
    { collection, clock }: { readonly collection: string; readonly clock: QueueClock },
  ) {
    this.#clock = clock;
    this.repository = repository;
    this.#client = client;
    this.#name = collection;
    this.#jobs = client.db().collection<JobDocument>(collection);
  }

  /** Its collection and indexes are there when it resolves. Throws what the driver throws. */
  static async open(url: string, place: MongoPlace, clock: QueueClock): Promise<MongoJobs> {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_MS });
    try {
      await client.connect();
      const collection = await claimCollection(client.db(), place.collection, place.identity);
      const repository = new MongoJobList({ mongo: client.db(), db: { collection } });
      await repository.connect();
      const jobs = client.db().collection<JobDocument>(collection);
      for (const key of Object.values(JOB_KEYS)) await jobs.createIndex({ name: 1, [`data.${key}`]: 1 });
      return new MongoJobs(client, repository, { collection, clock });
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async pending(kind: Job['kind'], keys: readonly string[]): Promise<ReadonlySet<string>> {
    const filter = { ...ofKeys(kind, keys), ...PENDING[kind] };
    const found = await this.#jobs.find(filter, { projection: { data: 1 } }).toArray();
    return new Set(found.flatMap(({ data }) => data[JOB_KEYS[kind]] ?? []));
  }

  /** One update for all that start at the same moment. */
  async reschedule(kind: Job['kind'], starts: ReadonlyMap<string, Date>): Promise<void> {
    const isRunning = { nextRunAt: null, lockedAt: { $ne: null } };
    const updates = [...keysByStart(starts)].map(([time, keys]) => {
      const startAt = new Date(time);
      const isLater = { nextRunAt: { $gt: startAt } };
      const which = kind === 'resource' ? isLater : { $or: [isLater, isRunning] };
      return { updateMany: { filter: { ...ofKeys(kind, keys), ...which }, update: { $set: { nextRunAt: startAt } } } };
    });
    if (updates.length > 0) await this.#jobs.bulkWrite(updates);
  }

  /** In one command: a server that is busy with workers looking for jobs takes as long for one as for a hundred. */
  async insert(added: readonly JobParameters[]): Promise<void> {
    const documents = added.map((job) => ({ ...job, _id: new ObjectId() }));
    await this.#client.db().collection(this.#name).insertMany(documents);
  }

  async removeUnwanted(id: string): Promise<boolean> {
    const { deletedCount } = await this.#jobs.deleteOne({ _id: new ObjectId(id), nextRunAt: null });
    return deletedCount === 1;
  }

  async renew(ids: readonly string[]): Promise<void> {
    const _id = { $in: ids.map((id) => new ObjectId(id)) };
    await this.#jobs.updateMany({ _id, lockedAt: { $ne: null } }, { $set: { lockedAt: this.#clock.now() } });
  }

  async unlock(id: string): Promise<void> {
    const _id = new ObjectId(id);
    await this.#jobs.updateOne({ _id, nextRunAt: null }, { $set: { nextRunAt: this.#clock.now() } });
    await this.#jobs.updateOne({ _id }, { $set: { lockedAt: null } });
  }

  async counts(): Promise<{ waiting: number; running: number; failed: number }> {
    const [waiting = 0, running = 0, failed = 0] = await Promise.all(
      [STATES.waiting, STATES.running, STATES.failed].map((state) => this.#jobs.countDocuments(state)),
    );
    return { waiting, running, failed };
  }

  /** Those that run, and then the others: a server sorts what is missing before what is there. */
  async list({ kind, state, skip, limit }: JobFilter): Promise<readonly QueuedJob[]> {
    const name = { $in: kind === null ? Object.values(JOB_NAMES) : [JOB_NAMES[kind]] };
    const which = { name, ...(state === null ? ANY_STATE : STATES[state]) };
    const jobs = await this.#jobs
      .find(which)
      .sort({ lockedAt: -1, nextRunAt: 1, _id: 1 })
      .skip(skip)
      .limit(limit)
      .toArray();
    return jobs.map(queuedJob);
  }

  /** Among processes nothing but the records keeps a resource from a second job; leases make it harmless. */
  isDuplicate(): boolean {
    return false;
  }

  async ping(): Promise<void> {
    await this.#client.db().command({ ping: 1 });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function queuedJob({
  name,
  data,
  nextRunAt,
  lockedAt,
  lastRunAt,
  failedAt,
  failCount,
  failReason,
}: JobDocument): QueuedJob {
  const kind = name === JOB_NAMES.host ? 'host' : 'resource';
  return {
    kind,
    key: data[JOB_KEYS[kind]] ?? '',
    state: lockedAt ? 'running' : nextRunAt ? 'waiting' : 'failed',
    startsAt: lockedAt ? null : nextRunAt,
    startedAt: lastRunAt ?? null,
    failedAt: failedAt ?? null,
    failures: failCount ?? 0,
    reason: failReason ?? null,
  };
}

function keysByStart(starts: ReadonlyMap<string, Date>): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const [key, at] of starts) {
    const keys = groups.get(at.getTime());
    if (keys) keys.push(key);
    else groups.set(at.getTime(), [key]);
  }
  return groups;
}

function ofKeys(kind: Job['kind'], keys: readonly string[]): Filter<JobDocument> {
  return { name: JOB_NAMES[kind], [`data.${JOB_KEYS[kind]}`]: { $in: [...keys] } };
}
