import { groupedBy } from '../../decide/groupedBy.ts';
import { stillFresh } from '../../decide/stillFresh.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Archivals, DueAndFresh, FreshAdvance, FreshResource } from '../Archivals.ts';
import { insertDeliveries } from '../coordination/deliveryTable.ts';
import type { Database } from '../database/Database.ts';
import { addToCounters } from '../history/counterTable.ts';
import { FREE, OPEN_SWEEPS, openSweepOf } from './archivalColumns.ts';
import { addToRuns } from './countInRuns.ts';
import { writeTaskStatuses } from './taskStatusTable.ts';

/**
 * Of the first due rows of each host those that are fresh by what was recorded of them, with nothing else to be done: not
 * leased, not wanted, in no run, nothing failed or owed. One range of the index `archival_due` a host. The count stands in each
 * row of the host, and alone where none is fresh.
 */
const DUE_AND_FRESH = `
  with ${OPEN_SWEEPS},
    due as materialized (
      select found.* from unnest(cast(:hosts as text[])) as asked (host) cross join lateral (
        select host, resource_id, url, code, unchanged_count, copy_id, known, lease_token, request_seq, next_check_at,
          fresh_until > :now and lease_owner is null and open_keys = '{}' and request_seq = done_seq and run_ids = '{}'
            and not retrying and broken is false and failure_count = 0 and key_at is not null and known ->> 'url' = url
            as is_fresh
        from :schema:.archival
        where lane = 'bulk' and host = asked.host and next_check_at <= :now
          and ${FREE}
        order by next_check_at limit :limit) as found),
    counted as (select host as asked, count(*)::int as due from due group by host)
  select counted.asked, counted.due, resource_id as "resourceId", url, code, unchanged_count as "unchangedCount",
    copy_id as "copyId", known, lease_token::float8 as token, request_seq::float8 as "requestSeq",
    ${openSweepOf('due')} as "sweepId"
  from counted left join due on due.host = counted.asked and due.is_fresh`;

/**
 * Those that are still what was read: a process that takes a row, wants it or advances it changes its token, its request or its
 * time. Locked in the order in which records lock them; each is looked up by itself, as `heldRows` does. One that a sweep had not
 * found belongs to the one that began since.
 */
const HELD = `
  asked as (
    select * from unnest(cast(:ids as text[]), cast(:tokens as bigint[]), cast(:seqs as bigint[]), cast(:datasetIds as text[]),
      cast(:waitsMs as float8[]), cast(:freshMs as float8[])) as one (id, token, seq, dataset_id, wait_ms, fresh_ms)),
  held as materialized (
    select asked.*, coalesce(cast(:sweepId as text), ${openSweepOf('found')}) as sweep_id
    from (select * from asked order by id) as asked cross join lateral (
      select next_check_at from :schema:.archival as a
      where a.resource_id = asked.id and a.lease_token is not distinct from asked.token and a.request_seq = asked.seq
        and a.lease_owner is null and a.lane = 'bulk' and a.next_check_at <= :now
      for update of a) as found)`;

/** Most columns are the same for all. A row of `task_status` is written over where it is; few have none. */
const ADVANCE = `
  with ${OPEN_SWEEPS}, ${HELD},
  advanced as (
    update :schema:.archival as a
    set dataset_id = held.dataset_id, code = :code, reason = :reason, broken = false, confirmed = cast(:confirmed as jsonb),
      attempts = :attempts, last_success_at = :now, checked_at = :now,
      next_check_at = cast(:now as timestamptz) + held.wait_ms * interval '1 millisecond',
      fresh_until = cast(:now as timestamptz) + held.fresh_ms * interval '1 millisecond',
      unchanged_count = a.unchanged_count + 1, changed_count = 0, moved = false
    from held where a.resource_id = held.id returning a.resource_id, held.sweep_id),
  stated as (
    update :schema:.task_status as t set value = :value, state = :state, error = :error, last_updated = :now
    where t.entity_id = any(array(select resource_id from advanced)) and t.task_type = 'archiver' and t.key = 'status'
    returning t.entity_id)
  select to_jsonb(array(select id from asked except select resource_id from advanced)) as "notHeld",
    to_jsonb(array(select resource_id from advanced except select entity_id from stated)) as unstated,
    (select jsonb_object_agg(sweep_id, count) from (
      select sweep_id, count(*) as count from advanced where sweep_id is not null group by sweep_id) as counted) as sweeps`;

type Row = Omit<FreshResource, 'resourceId'> & {
  readonly asked: string;
  readonly due: number;
  readonly resourceId: string | null;
};

interface Advanced {
  readonly notHeld: readonly string[];
  /** Advanced, without a row of `task_status`. */
  readonly unstated: readonly string[];
  /** How many were advanced by sweep; null: none of a sweep. */
  readonly sweeps: Readonly<Record<string, number>> | null;
}

type AdvanceHow = Parameters<Archivals['advance']>[1];

/** The part of {@link Archivals} by which what is still fresh is advanced many at a time, without a lease. */
export class FreshArchivals implements Pick<Archivals, 'dueAndFreshOf' | 'advance'> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async dueAndFreshOf(
    hosts: readonly string[],
    by: Parameters<Archivals['dueAndFreshOf']>[1],
  ): Promise<ReadonlyMap<string, DueAndFresh>> {
    const rows = await this.#database.rows<Row>('looking for what is fresh', DUE_AND_FRESH, { hosts, ...by });
    const found = new Map(hosts.map((host) => [host, { due: 0, fresh: [] as FreshResource[] }]));
    for (const { asked, due, resourceId, ...row } of rows) {
      const ofHost = found.get(asked);
      if (!ofHost) continue;
      ofHost.due = due;
      if (resourceId !== null) ofHost.fresh.push({ resourceId, ...row });
    }
    return found;
  }

  async advance(advances: readonly FreshAdvance[], how: AdvanceHow): Promise<readonly FreshAdvance[]> {
    const { guard, knex } = this.#database;
    const advanced: FreshAdvance[] = [];
    // What is written of those of one sweep is the same but for their times.
    for (const some of groupedBy(advances, ({ fresh }) => fresh.sweepId).values()) {
      const advance = () => knex.transaction((on) => this.#advanceIn(on, some, how));
      advanced.push(...(await guard('advancing what is fresh', advance)));
    }
    return advanced;
  }

  async #advanceIn(
    on: HostTransaction,
    advances: readonly FreshAdvance[],
    { now, deliveriesOf }: AdvanceHow,
  ): Promise<readonly FreshAdvance[]> {
    const database = this.#database;
    const sweepId = advances[0]?.fresh.sweepId ?? null;
    const { confirmed, attempts, taskStatus } = stillFresh({ now, runId: sweepId });
    const { code, reason } = confirmed;
    const said = { now, sweepId, code, reason, confirmed: JSON.stringify(confirmed), attempts, ...taskStatus };
    const bindings = { ...said, ...columnsOf(advances, now) };
    const [answer] = await database.rows<Advanced>('advancing what is fresh', ADVANCE, bindings, on);
    const { notHeld, unstated, sweeps } = answer ?? NOTHING;
    const missing = unstated.map((entityId) => ({ entityId, ...taskStatus, lastUpdated: now }));
    await writeTaskStatuses(database, missing, on);
    const mine = without(advances, notHeld);
    if (deliveriesOf) await insertDeliveries(database, deliveriesOf(mine), null, on);
    await countIn(database, { code, count: mine.length, sweeps: sweeps ?? {} }, on);
    return mine;
  }
}

const NOTHING: Advanced = { notHeld: [], unstated: [], sweeps: null };

/** Last, for all workers count in these rows. */
async function countIn(
  database: Database,
  {
    code,
    count,
    sweeps,
  }: { readonly code: string; readonly count: number; readonly sweeps: Readonly<Record<string, number>> },
  on: HostTransaction,
): Promise<void> {
  if (count === 0) return;
  await addToCounters(
    database,
    [{ name: 'archiver_archivals_total', labels: { code, lane: 'bulk' }, value: count }],
    on,
  );
  const added = Object.entries(sweeps).map(([id, found]) => ({ id, code, count: found }));
  await addToRuns(database, added, on);
}

function columnsOf(advances: readonly FreshAdvance[], now: Date) {
  const msFrom = (at: Date) => at.getTime() - now.getTime();
  return {
    ids: advances.map(({ fresh }) => fresh.resourceId),
    tokens: advances.map(({ fresh }) => fresh.token),
    seqs: advances.map(({ fresh }) => fresh.requestSeq),
    datasetIds: advances.map(({ datasetId }) => datasetId),
    waitsMs: advances.map(({ nextCheckAt }) => msFrom(nextCheckAt)),
    freshMs: advances.map(({ freshUntil }) => msFrom(freshUntil)),
  };
}

function without(advances: readonly FreshAdvance[], resourceIds: readonly string[]): readonly FreshAdvance[] {
  if (resourceIds.length === 0) return advances;
  const left = new Set(resourceIds);
  return advances.filter(({ fresh }) => !left.has(fresh.resourceId));
}
