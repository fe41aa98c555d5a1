import createKnex, { type Knex } from 'knex';
import { openCluster } from '../plugin/record/cluster/openCluster.ts';
import { migrate } from '../plugin/record/database/migrate.ts';
import { createRecords } from '../plugin/record/openRecords.ts';
import type { Reports } from '../plugin/record/Reports.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { folder, say } from './options.ts';
import { ARCHIVE_NAMES, fillReports, type ReportedArchive } from './pageTables.ts';
import { alone, type Row } from './rows.ts';

/** An archive to ask for reports. */
export interface PageArchive {
  readonly knex: Knex;
  readonly reports: Reports;
  /** What filling it took; nothing where it was filled before. */
  readonly rows: readonly Row[];
}

const FILLED = 'filled';

/** A new archive of this size, or with `--folder` the one that is kept there, which is filled the first time. */
export async function withArchive<Result>(
  size: ReportedArchive,
  work: (archive: PageArchive) => Promise<Result>,
): Promise<Result> {
  const cluster = folder === null ? await startPostgres() : await openKept(folder);
  const url = new URL(cluster.url);
  try {
    const isFilled = await hasArchive(cluster.url);
    url.pathname = '/pages';
    const knex = createKnex({ client: 'pg', connection: url.href, pool: { min: 0, max: 20 } });
    try {
      const { reports } = createRecords({
        knex,
        schema: 'archiver',
        writeBack: async () => undefined,
        ownsKnex: false,
      });
      const rows = isFilled ? [] : await fill(knex, reports, size);
      await migrate(knex, ARCHIVE_NAMES, 'up');
      return await work({ knex, reports, rows });
    } finally {
      await knex.destroy();
    }
  } finally {
    await cluster.stop();
  }
}

const openKept = (folder: string) =>
  openCluster({ folder, password: 'postgres', port: null, settings: ['fsync=off'], environment: process.env });

/** Whether the database was filled to its end; else there is a new one. */
async function hasArchive(adminUrl: string): Promise<boolean> {
  const admin = createKnex({ client: 'pg', connection: adminUrl });
  try {
    const { rows } = await admin.raw(
      `select 1 from pg_database where datname = 'pages' and shobj_description(oid, 'pg_database') = '${FILLED}'`,
    );
    if (rows.length > 0) return true;
    await admin.raw('drop database if exists pages');
    await admin.raw('create database pages');
    return false;
  } finally {
    await admin.destroy();
  }
}

async function fill(knex: Knex, reports: Reports, size: ReportedArchive): Promise<readonly Row[]> {
  const filledAt = performance.now();
  const migratedMs = await fillReports(knex, size);
  say(`${size.resources} resources filled in ${Math.round((performance.now() - filledAt) / 1000)} s`);
  // What the words of the portal have changed is added up as in a worker that was away for long.
  const adding = performance.now();
  await reports.addUp({ confirmFailures: 3, now: new Date() });
  const addedMs = performance.now() - adding;
  await knex.raw('vacuum analyze');
  await knex.raw(`comment on database pages is '${FILLED}'`);
  const seconds = (work: string, ms: number) =>
    alone(work, { unit: 's', ours: ms / 1000, aim: null, better: 'less', rounds: 1 });
  return [seconds('migrations 031 to 033', migratedMs), seconds('four million changes added up', addedMs)];
}
