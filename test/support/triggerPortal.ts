import type { Job, JobQueue } from '../../plugin/job/JobQueue.ts';
import type { Portal } from '../../plugin/portal/Portal.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import type { Records } from '../../plugin/record/Records.ts';
import { migratedPortal, NAMES } from './migratedDatabase.ts';
import type { TestDatabase } from './postgres.ts';
import { testPortal } from './testPortal.ts';

/** A queue that only remembers what was added, and may be away. */
export class HeardQueue implements Pick<JobQueue, 'add'> {
  readonly added: string[] = [];
  isAway = false;

  async add(jobs: readonly Job[]): Promise<void> {
    if (this.isAway) throw new Error('the queue is away');
    this.added.push(...jobs.map((job) => (job.kind === 'resource' ? job.resourceId : `host ${job.host}`)));
  }
}

export interface TriggerPortal {
  readonly database: TestDatabase;
  readonly portal: Portal;
  readonly records: Records;
  readonly queue: HeardQueue;
  close(): Promise<void>;
}

/** A portal's tables with ours beside them; nothing runs. */
export async function triggerPortal(): Promise<TriggerPortal> {
  const database = await migratedPortal();
  const { knex } = database;
  const portal = testPortal({ knex });
  const writeBack = portal.catalog.writeBack.bind(portal.catalog);
  const records = createRecords({ knex, schema: NAMES.schema, ownsKnex: false, writeBack });
  return { database, portal, records, queue: new HeardQueue(), close: database.drop };
}
