import { MongoClient } from 'mongodb';
import { ANSWER_MS } from './jobNames.ts';
import { ownCollections } from './mongoCollection.ts';
import type { MongoPlace } from './mongoJobs.ts';

/** Drops what holds this archiver's jobs alone, where it is there. Throws what the driver throws when no server answers. */
export async function dropMongoJobs(url: string, { collection, identity }: MongoPlace): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_MS });
  try {
    await client.connect();
    const db = client.db();
    for (const name of await ownCollections(db, collection, identity)) await db.dropCollection(name);
  } finally {
    await client.close();
  }
}
