import type { Knex } from 'knex';
import type { Run } from '../model/run.ts';
import { cancelRequests } from './cancelRequests.ts';
import type { Database } from './Database.ts';
import type { ArchivalRecord, Runs } from './Records.ts';
import { requestArchivals } from './requestArchivals.ts';
import { createSweepRuns, putSweepOff } from './sweepRuns.ts';

interface RunRow {
  readonly id: string;
  readonly kind: Run['kind'];
  readonly lane: Run['lane'];
  readonly subject_id: string | null;
  readonly dataset_id: string | null;
  readonly state: Run['state'];
  readonly total: number | null;
  readonly done: number;
  readonly counts: Run['counts'];
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

const DAY_MS = 24 * 3600 * 1000;

const COUNT_ABANDONED = `
  update :schema:.run as r
  set total = r.done + open.count, state = case when open.count = 0 then 'done' else r.state end,
    ended_at = case when open.count = 0 then coalesce(r.ended_at, :now) else r.ended_at end
  from (
    select id, (select count(*)::int from :schema:.archival as a where a.run_ids <> '{}' and a.run_ids @> array[id]) as count
    from :schema:.run
    where kind = 'all' and state in ('queued', 'running') and total is null and created_at < :createdBefore) as open
  where r.id = open.id`;

export function createRunTable(database: Database): Runs {
  const { knex, guard, rows } = database;

  return {
    ...createSweepRuns(database),
    create: (run, { caller, idempotencyKey, now }, requests = []) =>
      guard('noting a run', () =>
        knex.transaction(async (transaction) => {
          if (idempotencyKey !== null) {
            const earlier = await claimKey(database, { caller, idempotencyKey, now }, transaction);
            if (earlier)
              return {
                run: runOf(earlier),
                result: isSame(earlier, run) ? 'repeated' : 'conflict',
                unqueued: [],
              } as const;
          }
          const [row] = await rows<RunRow>(
            'noting a run',
            `insert into :schema:.run (kind, lane, subject_id, dataset_id, state, total, caller, idempotency_key, created_at)
             values (:kind, :lane, :subjectId, :datasetId, 'queued', :total, :caller, :idempotencyKey, :now) returning *`,
            { ...run, caller, idempotencyKey, now },
            transaction,
          );
          const created = runOf(first(row));
          const how = { lane: created.lane, runId: created.id, now };
          const unqueued = await requestArchivals(database, requests, how, transaction);
          return { run: created, result: 'created', unqueued } as const;
        }),
      ),

    async get(id) {
      const [row] = await rows<RunRow>('reading a run', 'select * from :schema:.run where id = :id', { id });
      return row ? runOf(row) : null;
    },

    async list(limit) {
      const sql = 'select * from :schema:.run order by created_at desc limit :limit';
      return (await rows<RunRow>('reading runs', sql, { limit })).map(runOf);
    },

    async cancel(id, now) {
      return guard('cancelling a run', () =>
        knex.transaction(async (transaction) => {
          // Archivals before runs, as everywhere, and in the order of requests: so nobody waits for us while we wait.
          await rows(
            'cancelling a run',
            'select from :schema:.archival where run_ids @> array[:id] order by resource_id for update',
            { id },
            transaction,
          );
          const [row] = await rows<RunRow>(
            'cancelling a run',
            `update :schema:.run set state = 'cancelled', ended_at = :now
             where id = :id and state in ('queued', 'running') returning *`,
            { id, now },
            transaction,
          );
          if (row) await cancelRequests(database, { runId: id, now }, transaction);
          if (row?.kind === 'sweep') await putSweepOff(database, { runId: id, now }, transaction);
          const [current] = await rows<RunRow>(
            'reading a run',
            'select * from :schema:.run where id = :id',
            { id },
            transaction,
          );
          return current ? runOf(current) : null;
        }),
      );
    },

    async countDeleted(runIds, now) {
      await rows(
        'counting deleted resources',
        `update :schema:.run set done = done + 1,
           counts = counts || jsonb_build_object('deleted', coalesce((counts ->> 'deleted')::int, 0) + 1),
           state = case when done + 1 >= total and state <> 'cancelled' then 'done' else state end,
           ended_at = case when done + 1 >= total then coalesce(ended_at, :now) else ended_at end
         where id = any(cast(:runIds as text[]))`,
        { runIds, now },
      );
    },

    async countAbandoned(createdBefore, now) {
      await rows('counting abandoned runs', COUNT_ABANDONED, { createdBefore, now });
    },

    async setTotal(id, total, now) {
      await rows(
        'counting a run',
        `update :schema:.run set total = :total,
           state = case when done >= :total and state <> 'cancelled' then 'done' else state end,
           ended_at = case when done >= :total then coalesce(ended_at, :now) else ended_at end
         where id = :id`,
        { id, total, now },
      );
    },
  };
}

/** Counts settled outcomes in their runs, each run locked once and in the order of ids; answers the runs that ended. */
export async function countInRuns(
  { rows }: Database,
  settled: readonly ArchivalRecord[],
  on: Knex,
): Promise<Set<string>> {
  const perRun = new Map<string, Map<string, number>>();
  for (const { lease, archival } of settled) {
    for (const id of lease.archival.runIds) {
      const counts = perRun.get(id) ?? new Map<string, number>();
      perRun.set(id, counts.set(archival.code ?? 'internal', (counts.get(archival.code ?? 'internal') ?? 0) + 1));
    }
  }
  if (perRun.size === 0) return new Set();
  const added = [...perRun].flatMap(([id, counts]) => [...counts].map(([code, count]) => ({ id, code, count })));
  const counted = await rows<Pick<RunRow, 'id' | 'state'>>(
    'counting runs',
    `with locked as (
       select id, counts from :schema:.run where id = any(cast(:ids as text[])) order by id for update),
     added as (select * from jsonb_to_recordset(cast(:added as jsonb)) as i (id text, code text, count int)),
     summed as (
       select locked.id, sum(added.count)::int as done, locked.counts || jsonb_object_agg(
         added.code, coalesce((locked.counts ->> added.code)::int, 0) + added.count) as counts
       from locked join added using (id) group by locked.id, locked.counts)
     update :schema:.run as r set done = r.done + summed.done, counts = summed.counts,
       state = case when r.state = 'cancelled' then r.state when r.done + summed.done >= r.total then 'done' else 'running' end,
       started_at = coalesce(r.started_at, now()),
       ended_at = case when r.done + summed.done >= r.total then coalesce(r.ended_at, now()) else r.ended_at end
     from summed where r.id = summed.id
     returning r.id, r.state`,
    { ids: [...perRun.keys()], added: JSON.stringify(added) },
    on,
  );
  return new Set(counted.filter(({ state }) => state === 'done').map(({ id }) => id));
}

/** The earlier run of the same caller and key within a day; an older one loses its key. */
async function claimKey(
  { rows }: Database,
  by: { readonly caller: string | null; readonly idempotencyKey: string; readonly now: Date },
  on: Knex,
): Promise<RunRow | null> {
  const { caller, idempotencyKey, now } = by;
  await rows(
    'locking a key',
    'select pg_advisory_xact_lock(hashtext(:text))',
    { text: `${caller} ${idempotencyKey}` },
    on,
  );
  const same = `coalesce(caller, '') = coalesce(:caller, '') and idempotency_key = :idempotencyKey`;
  const since = new Date(now.getTime() - DAY_MS);
  const bindings = { caller, idempotencyKey, since };
  await rows(
    'freeing a key',
    `update :schema:.run set idempotency_key = null where ${same} and created_at < :since`,
    bindings,
    on,
  );
  const [row] = await rows<RunRow>('reading a key', `select * from :schema:.run where ${same}`, bindings, on);
  return row ?? null;
}

function isSame(row: RunRow, run: Pick<Run, 'kind' | 'subjectId'>): boolean {
  return row.kind === run.kind && row.subject_id === run.subjectId;
}

function first<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new RangeError('PostgreSQL returned no row for an insert.');
  return row;
}

function runOf(row: RunRow): Run {
  const { id, kind, lane, state, total, done, counts } = row;
  return {
    id,
    kind,
    lane,
    state,
    total,
    done,
    counts,
    subjectId: row.subject_id,
    datasetId: row.dataset_id,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
