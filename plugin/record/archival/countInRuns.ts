import type { Run } from '../../model/run.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { ArchivalRecord } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';

const COUNT = `
  with locked as (
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
  returning r.id, r.state`;

/** So many that ended with a code, in a run. */
export interface RunCount {
  readonly id: string;
  readonly code: string;
  readonly count: number;
}

/** Counts settled records in their runs; answers the runs that ended. */
export function countInRuns(
  database: Database,
  settled: readonly ArchivalRecord[],
  on: HostTransaction,
): Promise<Set<string>> {
  const added = [...countsPerRun(settled)].flatMap(([id, counts]) =>
    [...counts].map(([code, count]) => ({ id, code, count })),
  );
  return addToRuns(database, added, on);
}

/** Each run is locked once, in the order of ids; answers the runs that ended. */
export async function addToRuns(
  { rows }: Database,
  added: readonly RunCount[],
  on: HostTransaction,
): Promise<Set<string>> {
  if (added.length === 0) return new Set();
  const bindings = { ids: [...new Set(added.map(({ id }) => id))], added: JSON.stringify(added) };
  const counted = await rows<Pick<Run, 'id' | 'state'>>('counting runs', COUNT, bindings, on);
  return new Set(counted.filter(({ state }) => state === 'done').map(({ id }) => id));
}

function countsPerRun(settled: readonly ArchivalRecord[]): Map<string, Map<string, number>> {
  const perRun = new Map<string, Map<string, number>>();
  for (const { lease, archival } of settled) {
    const code = archival.code ?? 'internal';
    for (const id of lease.archival.runIds) {
      const counts = perRun.get(id) ?? new Map<string, number>();
      perRun.set(id, counts.set(code, (counts.get(code) ?? 0) + 1));
    }
  }
  return perRun;
}
