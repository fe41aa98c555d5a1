import { MongoClient } from 'mongodb';
import { ANSWER_MS } from './jobNames.ts';

/** Drops the collection of the jobs, where there is one. Throws what the driver throws when no server answers. */
export async function dropMongoJobs(url: string, collection: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_MS });
  try {
    await client.connect();
    await client.db().dropCollection(collection);
  } finally {
    await client.close();
  }
}
