import { MongoJobRepository } from '@agendajs/mongo-backend';
import { type Filter, MongoClient, ObjectId } from 'mongodb';
import { ANSWER_MS, JOB_KEYS, JOB_NAMES } from './jobNames.ts';
import type { QueueBackend } from './QueueBackend.ts';

interface JobDocument {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly nextRunAt: Date | null;
  readonly lockedAt: Date | null;
  readonly failedAt: Date | null;
}

/** Agenda's jobs in MongoDB. */
export async function openMongoJobs(url: string, collection: string): Promise<QueueBackend> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_MS });
  try {
    await client.connect();
    const database = client.db();
    const jobs = database.collection<JobDocument>(collection);
    const repository = new MongoJobRepository({ mongo: database, db: { collection } });
    await repository.connect();
    for (const key of Object.values(JOB_KEYS)) await jobs.createIndex({ name: 1, [`data.${key}`]: 1 });
    return backend(client, repository, collection);
  } catch (error) {
    await client.close();
    throw error;
  }
}

function backend(client: MongoClient, repository: MongoJobRepository, collection: string): QueueBackend {
  const jobs = client.db().collection<JobDocument>(collection);
  const isWaiting: Filter<JobDocument> = { nextRunAt: { $ne: null } };
  const waits = { resource: isWaiting, host: { $or: [isWaiting, { lockedAt: { $ne: null } }] } };

  return {
    repository,
    async pending(kind, keys) {
      const path = `data.${JOB_KEYS[kind]}`;
      const filter = { name: JOB_NAMES[kind], [path]: { $in: [...keys] }, ...waits[kind] };
      const found = await jobs.find(filter, { projection: { data: 1 } }).toArray();
      return new Set(found.flatMap(({ data }) => data[JOB_KEYS[kind]] ?? []));
    },
    async reschedule(kind, keys, startAt) {
      const path = `data.${JOB_KEYS[kind]}`;
      const isLater = { nextRunAt: { $gt: startAt } };
      const isRunning = { nextRunAt: null, lockedAt: { $ne: null } };
      const filter: Filter<JobDocument> = { name: JOB_NAMES[kind], [path]: { $in: [...keys] } };
      const which = kind === 'resource' ? isLater : { $or: [isLater, isRunning] };
      await jobs.updateMany({ ...filter, ...which }, { $set: { nextRunAt: startAt } });
    },
    // In one command: a server that is busy with workers looking for jobs takes as long for one as for a hundred.
    async insert(added) {
      await client
        .db()
        .collection(collection)
        .insertMany(added.map((job) => ({ ...job, _id: new ObjectId() })));
    },
    async removeUnwanted(id) {
      const { deletedCount } = await jobs.deleteOne({ _id: new ObjectId(id), nextRunAt: null });
      return deletedCount === 1;
    },
    async renew(ids) {
      const _id = { $in: ids.map((id) => new ObjectId(id)) };
      await jobs.updateMany({ _id, lockedAt: { $ne: null } }, { $set: { lockedAt: new Date() } });
    },
    async unlock(id) {
      const _id = new ObjectId(id);
      await jobs.updateOne({ _id, nextRunAt: null }, { $set: { nextRunAt: new Date() } });
      await jobs.updateOne({ _id }, { $set: { lockedAt: null } });
    },
    async counts() {
      const [waiting = 0, running = 0, failed = 0] = await Promise.all([
        jobs.countDocuments({ lockedAt: null, nextRunAt: { $ne: null } }),
        jobs.countDocuments({ lockedAt: { $ne: null } }),
        jobs.countDocuments({ lockedAt: null, nextRunAt: null, failedAt: { $ne: null } }),
      ]);
      return { waiting, running, failed };
    },
    // Among processes nothing but the records keeps a resource from a second job; leases make it harmless.
    isDuplicate: () => false,
    ping: async () => void (await client.db().command({ ping: 1 })),
    close: () => client.close(),
  };
}
