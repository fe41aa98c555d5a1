import { type JobParameters, toJobId } from 'agenda';
import type pg from 'pg';

/** Which jobs are taken, as Agenda says it. */
export interface Taking {
  readonly jobName: string;
  readonly count: number;
  /** Those that start until then. */
  readonly until: Date;
  /** Those that were locked before have lost their process. */
  readonly deadline: Date;
  readonly now: Date;
  readonly lastModifiedBy: string | null;
}

/** Agenda's own statement for one job, for many, and the rows as it reads them. */
export const takeSql = (table: string): string => `
  update ${table} set locked_at = $1, last_modified_by = $6
  where id = any (array(
    select id from ${table}
    where name = $2 and disabled = false and (locked_at is null and next_run_at <= $3 or locked_at <= $4)
    order by next_run_at nulls last, priority desc limit $5 for update skip locked))
  returning id, name, priority, type, data, fork, progress, disabled, next_run_at as "nextRunAt", locked_at as "lockedAt",
    last_run_at as "lastRunAt", last_finished_at as "lastFinishedAt", failed_at as "failedAt", fail_count as "failCount",
    fail_reason as "failReason", last_modified_by as "lastModifiedBy"`;

type JobRow = Omit<JobParameters, '_id'> & { readonly id: string };

/** Locks jobs of the table, those that start first before others. */
export async function takePostgresJobs(pool: pg.Pool, table: string, by: Taking): Promise<readonly JobParameters[]> {
  const { now, jobName, until, deadline, count, lastModifiedBy } = by;
  const given = [now, jobName, until, deadline, count, lastModifiedBy];
  const { rows } = await pool.query<JobRow>(takeSql(table), given);
  return rows.map(jobOf).sort((one, other) => startOf(one) - startOf(other));
}

/** What is empty is left out, as Agenda expects it. */
function jobOf({ id, nextRunAt, ...row }: JobRow): JobParameters {
  const said = Object.entries(row).filter(([, value]) => value !== null);
  const { name, priority, type, data } = row;
  return { ...Object.fromEntries(said), name, priority, type, data, nextRunAt, _id: toJobId(id) };
}

const startOf = ({ nextRunAt }: JobParameters): number => nextRunAt?.getTime() ?? Number.POSITIVE_INFINITY;
