import { type Collection, type Db, MongoServerError, ObjectId } from 'mongodb';
import { JOB_NAMES } from './jobNames.ts';

/** Says in a collection whose jobs it holds; no job has this key. */
const OWNER = 'owner';

interface Owner {
  readonly _id: string;
  readonly archiver: string;
}

const DUPLICATE_KEY = 11_000;

/**
 * The name of the collection of this archiver's jobs: the plain one where nobody else has taken it, else one that carries its
 * identity. What waits in the plain one when its own is made is copied into it: a job that finds nothing wanted does nothing, be
 * it here or there, and a worker of a version before, which knows no owners, goes on in the plain one. `identity` null: the
 * plain one in any case.
 */
export async function claimCollection(db: Db, plain: string, identity: string | null): Promise<string> {
  if (identity === null || (await claimedBy(db, plain, identity)) === identity) return plain;
  const own = ownName(plain, identity);
  if ((await ownerOf(db, own)) === null) {
    await copyWaiting(db, plain, own);
    await claimedBy(db, own, identity);
  }
  return own;
}

/** Those that only this archiver has jobs in. Of a plain one that nobody has taken it is taken for granted. */
export async function ownCollections(db: Db, plain: string, identity: string | null): Promise<readonly string[]> {
  const owner = await ownerOf(db, plain);
  const isOwn = owner === null || owner === identity;
  return [...(isOwn ? [plain] : []), ...(identity === null ? [] : [ownName(plain, identity)])];
}

const ownName = (plain: string, identity: string): string => `${plain}_${identity}`;

const owners = (db: Db, collection: string): Collection<Owner> => db.collection<Owner>(collection);

async function ownerOf(db: Db, collection: string): Promise<string | null> {
  return (await owners(db, collection).findOne({ _id: OWNER }))?.archiver ?? null;
}

/** The archiver that came first. */
async function claimedBy(db: Db, collection: string, identity: string): Promise<string | null> {
  try {
    await owners(db, collection).updateOne({ _id: OWNER }, { $setOnInsert: { archiver: identity } }, { upsert: true });
  } catch (error) {
    // Another one has put it there in the same moment.
    if (!(error instanceof MongoServerError && error.code === DUPLICATE_KEY)) throw error;
  }
  return ownerOf(db, collection);
}

const BATCH = 1000;

async function copyWaiting(db: Db, from: string, to: string): Promise<void> {
  const waiting = db.collection(from).find({ name: { $in: Object.values(JOB_NAMES) }, nextRunAt: { $ne: null } });
  let batch: object[] = [];
  const insert = async () => {
    if (batch.length > 0) await db.collection(to).insertMany(batch);
    batch = [];
  };
  for await (const job of waiting) {
    batch.push({ ...job, _id: new ObjectId(), lockedAt: null });
    if (batch.length === BATCH) await insert();
  }
  await insert();
}
