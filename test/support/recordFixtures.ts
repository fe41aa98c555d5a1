import type { Knex } from 'knex';
import type { Archival, Lease } from '../../plugin/model/archival.ts';
import type { Copy } from '../../plugin/model/copy.ts';
import type { WriteBack } from '../../plugin/model/writeBack.ts';
import type { ArchivalRecord } from '../../plugin/record/Archivals.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import type { Records } from '../../plugin/record/Records.ts';
import { migratedTable, NAMES } from './migratedDatabase.ts';

export interface TestRecords {
  readonly knex: Knex;
  readonly url: string;
  readonly records: Records;
  readonly writtenBack: WriteBack[];
  close(): Promise<void>;
}

/** Our tables beside a host's smallest resource table, in a database of its own. */
export async function testRecords(): Promise<TestRecords> {
  const { knex, url, drop } = await migratedTable();
  const writtenBack: WriteBack[] = [];
  const records = createRecords({
    knex,
    schema: NAMES.schema,
    ownsKnex: false,
    writeBack: async (changes) => {
      writtenBack.push(...changes);
    },
  });
  return { knex, url, records, writtenBack, close: drop };
}

export function requestFor(resourceId: string, url = `https://data.example/${resourceId}.csv`) {
  return { resourceId, datasetId: 'd1', url, host: new URL(url).host };
}

/** The end of an attempt that stored `copy`, or changed nothing. */
export function outcomeOf(
  lease: Lease,
  changes: Partial<ArchivalRecord> = {},
  archival: Partial<Archival> = {},
): ArchivalRecord {
  const now = new Date();
  return {
    lease,
    archival: {
      ...lease.archival,
      code: 'archived',
      reason: 'Archived.',
      broken: false,
      attempts: 1,
      checkedAt: now,
      nextCheckAt: null,
      ...archival,
    },
    datasetId: 'd1',
    copy: null,
    writeBack: null,
    taskStatus: { entityId: lease.resourceId, state: 'success', value: '{}', error: '', lastUpdated: now },
    deliveries: [],
    settled: true,
    ...changes,
  };
}

export function copyFor(lease: Lease): Omit<Copy, 'id'> {
  const stamp = lease.keyAt.toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    resourceId: lease.resourceId,
    datasetId: 'd1',
    key: `archive/${stamp}/${lease.resourceId}/file.csv`,
    bytes: 4,
    md5: '098f6bcd4621d373cade4e832627b4f6',
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    mediaType: 'text/csv',
    format: 'CSV',
    charset: 'utf-8',
    filename: 'file.csv',
    url: lease.archival.url,
    finalUrl: lease.archival.url,
    etag: null,
    lastModified: null,
    storedAt: lease.keyAt,
    partial: false,
  };
}
