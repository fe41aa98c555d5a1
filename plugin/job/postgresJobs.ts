import { readFile } from 'node:fs/promises';
import { PostgresJobRepository } from '@agendajs/postgres-backend';
import type { JobParameters, JobRepository } from 'agenda';
import type pg from 'pg';
import { codeOf } from '../errors.ts';
import type { StartWait } from '../model/startWait.ts';
import { insertPostgresJobs } from './insertPostgresJobs.ts';
import type { Job, JobFilter, QueuedJob } from './JobQueue.ts';
import { JOB_KEYS, JOB_NAMES } from './jobNames.ts';
import type { QueueBackend } from './QueueBackend.ts';
import type { QueueClock } from './queueClock.ts';
import { type Taking, takePostgresJobs } from './takePostgresJobs.ts';

/** Any number, the same for all processes of one database: they make the tables one after the other. */
const LOCK_KEY = 0x41_52_43_51;
const UNIQUE_VIOLATION = '23505';

const PENDING = { resource: 'next_run_at is not null', host: '(next_run_at is not null or locked_at is not null)' };

const STATES = {
  waiting: 'locked_at is null and next_run_at is not null',
  running: 'locked_at is not null',
  failed: 'locked_at is null and next_run_at is null and failed_at is not null',
  any: 'coalesce(locked_at, next_run_at, failed_at) is not null',
};

const LISTED = `case name when '${JOB_NAMES.host}' then 'host' else 'resource' end as kind,
  coalesce(data->>'${JOB_KEYS.host}', data->>'${JOB_KEYS.resource}') as key,
  case when ${STATES.running} then 'running' when ${STATES.waiting} then 'waiting' else 'failed' end as state,
  case when locked_at is null then next_run_at end as "startsAt", last_run_at as "startedAt",
  failed_at as "failedAt", coalesce(fail_count, 0) as failures, fail_reason as reason`;

/** Where the jobs lie; the schema is there already. */
export interface JobTable {
  readonly schema: string;
  readonly table: string;
}

/** What the jobs need beside their connections. */
export interface PostgresJobsDeps {
  readonly place: JobTable;
  /** For the lock of the process that makes the table. */
  readonly wait: Pick<StartWait, 'pause'>;
  readonly clock: QueueClock;
}

/** Agenda's jobs in the portal's PostgreSQL. */
export class PostgresJobs implements QueueBackend {
  readonly repository: JobRepository;
  readonly #pool: pg.Pool;
  readonly #table: string;
  readonly #clock: QueueClock;

  private constructor(
    pool: pg.Pool,
    repository: JobRepository,
    { table, clock }: { readonly table: string; readonly clock: QueueClock },
  ) {
    this.repository = repository;
    this.#pool = pool;
    this.#table = table;
    this.#clock = clock;
  }

  /**
   * Its table and indexes are there when it resolves. The pool stays its owner's; `openSingle` opens one of a single
   * connection, which is closed here. Throws what the driver throws.
   */
  static async open(
    pool: pg.Pool,
    openSingle: () => pg.Pool,
    { place, wait, clock }: PostgresJobsDeps,
  ): Promise<PostgresJobs> {
    await createTables(openSingle(), place, wait);
    // Agenda writes the name between quotes and knows no schemas; this spelling needs no search path, which a pooler between
    // us and the server would hand on to others.
    const repository = new PostgresJobRepository({ pool, tableName: `${place.schema}"."${place.table}` });
    return new PostgresJobs(pool, repository, { table: quoted(place), clock });
  }

  take(by: Taking): Promise<readonly JobParameters[]> {
    return takePostgresJobs(this.#pool, this.#table, by);
  }

  async pending(kind: Job['kind'], keys: readonly string[]): Promise<ReadonlySet<string>> {
    const key = keyOf(kind);
    const which = `name = $1 and ${key} = any($2) and ${PENDING[kind]}`;
    const sql = `select ${key} as key from ${this.#table} where ${which}`;
    const { rows } = await this.#pool.query<{ key: string }>(sql, [JOB_NAMES[kind], keys]);
    return new Set(rows.map((row) => row.key));
  }

  async reschedule(kind: Job['kind'], starts: ReadonlyMap<string, Date>): Promise<void> {
    const which = `name = $1 and ${keyOf(kind)} = start.key and ${PENDING[kind]}`;
    const sql = `update ${this.#table} set next_run_at = least(next_run_at, start.at)
      from unnest($2::text[], $3::timestamptz[]) as start (key, at) where ${which}`;
    await this.#pool.query(sql, [JOB_NAMES[kind], [...starts.keys()], [...starts.values()]]);
  }

  insert(added: readonly JobParameters[]): Promise<void> {
    return insertPostgresJobs(this.#pool, this.#table, added);
  }

  async removeUnwanted(id: string): Promise<boolean> {
    const sql = `delete from ${this.#table} where id = $1 and next_run_at is null`;
    return (await this.#pool.query(sql, [id])).rowCount === 1;
  }

  async renew(ids: readonly string[]): Promise<void> {
    const sql = `update ${this.#table} set locked_at = $2 where id = any($1::uuid[]) and locked_at is not null`;
    await this.#pool.query(sql, [ids, this.#clock.now()]);
  }

  async unlock(id: string): Promise<void> {
    const sql = `update ${this.#table} set locked_at = null, next_run_at = coalesce(next_run_at, $2) where id = $1`;
    await this.#pool.query(sql, [id, this.#clock.now()]);
  }

  async counts(): Promise<{ waiting: number; running: number; failed: number }> {
    const { rows } = await this.#pool.query(
      `select count(*) filter (where locked_at is null and next_run_at is not null)::int as waiting,
         count(locked_at)::int as running,
         count(failed_at) filter (where locked_at is null and next_run_at is null)::int as failed
       from ${this.#table}`,
    );
    return rows[0];
  }

  async list({ kind, state, skip, limit }: JobFilter): Promise<readonly QueuedJob[]> {
    const names = kind === null ? Object.values(JOB_NAMES) : [JOB_NAMES[kind]];
    const sql = `select ${LISTED} from ${this.#table} where name = any($1) and (${STATES[state ?? 'any']})
      order by locked_at is null, next_run_at, id limit $2 offset $3`;
    return (await this.#pool.query<QueuedJob>(sql, [names, limit, skip])).rows;
  }

  isDuplicate(error: unknown): boolean {
    return isDuplicate(error);
  }

  async ping(): Promise<void> {
    await this.#pool.query('select 1');
  }

  async close(): Promise<void> {}
}

function keyOf(kind: Job['kind']): string {
  return `data->>'${JOB_KEYS[kind]}'`;
}

function isDuplicate(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION;
}

/**
 * One process after the other, for `create … if not exists` fails when two do it concurrently; and only when this version has
 * not done it before, because Agenda makes a trigger again each time, which collides with workers that use the table. The
 * lock is the transaction's: one of the session would stay behind in a pooler.
 */
async function createTables(single: pg.Pool, place: JobTable, wait: Pick<StartWait, 'pause'>): Promise<void> {
  const made = `Jobs of portal-archiver, made by @agendajs/postgres-backend ${await backendVersion()}`;
  try {
    while (!(await isMadeAs(made, single, place)) && !(await createLocked(made, single, place))) {
      await wait.pause('another process that makes the tables of the queue');
    }
  } finally {
    await single.end();
  }
}

/** On the only connection: Agenda's statements, which name no schema, run in this transaction. false: another process is at it. */
async function createLocked(made: string, single: pg.Pool, place: JobTable): Promise<boolean> {
  await single.query('begin');
  const { rows } = await single.query('select pg_try_advisory_xact_lock($1) as taken', [LOCK_KEY]);
  const isTaken: boolean = rows[0].taken;
  if (isTaken && !(await isMadeAs(made, single, place))) {
    await single.query(`set local search_path to "${place.schema}"`);
    await new PostgresJobRepository({ pool: single, tableName: place.table }).connect();
    for (const kind of ['resource', 'host'] as const) await createUniqueIndex(single, place, kind);
    await single.query(`comment on table ${quoted(place)} is '${made}'`);
  }
  await single.query('commit');
  return isTaken;
}

async function isMadeAs(made: string, pool: pg.Pool, place: JobTable): Promise<boolean> {
  const sql = `select obj_description(to_regclass($1), 'pg_class') as made`;
  const { rows } = await pool.query<{ made: string | null }>(sql, [quoted(place)]);
  return rows[0]?.made === made;
}

async function createUniqueIndex(pool: pg.Pool, place: JobTable, kind: Job['kind']): Promise<void> {
  await pool.query(
    `create unique index if not exists "${place.table}_one_${kind}" on ${quoted(place)} ((data->>'${JOB_KEYS[kind]}'))
     where name = '${JOB_NAMES[kind]}' and next_run_at is not null`,
  );
}

const quoted = ({ schema, table }: JobTable): string => `"${schema}"."${table}"`;

async function backendVersion(): Promise<string> {
  const main = import.meta.resolve('@agendajs/postgres-backend');
  const { version }: { version: string } = JSON.parse(await readFile(new URL('../package.json', main), 'utf8'));
  return version;
}
