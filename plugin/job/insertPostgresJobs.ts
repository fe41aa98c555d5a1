import type { JobParameters } from 'agenda';
import type pg from 'pg';

/** In the order of their keys: two processes that add the same ones never wait for each other in a circle. */
const insertSql = (table: string): string => `
  insert into ${table} (name, priority, next_run_at, type, data, disabled, fork)
  select name, priority, next_run_at, type, data, false, false
  from unnest($1::text[], $2::int[], $3::timestamptz[], $4::text[], $5::jsonb[]) as job (name, priority, next_run_at, type, data)
  order by name, data
  on conflict do nothing`;

/** Adds jobs in one statement, as Agenda adds each; one whose key has a waiting job is left out. */
export async function insertPostgresJobs(pool: pg.Pool, table: string, jobs: readonly JobParameters[]): Promise<void> {
  await pool.query(insertSql(table), [
    jobs.map(({ name }) => name),
    jobs.map(({ priority }) => priority),
    jobs.map(({ nextRunAt }) => nextRunAt),
    jobs.map(({ type }) => type),
    jobs.map(({ data }) => JSON.stringify(data)),
  ]);
}
