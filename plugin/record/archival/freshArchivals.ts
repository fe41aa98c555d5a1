import { countersOf } from '../../decide/countersOf.ts';
import type { Lease } from '../../model/archival.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { ArchivalRecord, Archivals, DueAndFresh, Recorded } from '../Archivals.ts';
import { insertDeliveries } from '../coordination/deliveryTable.ts';
import type { Database } from '../database/Database.ts';
import { addToCounters } from '../history/counterTable.ts';
import { FREE, LEASE_LIST, type LeaseRow, leaseOf, sweepOf } from './archivalColumns.ts';
import { claimEnded, countableOf, inSweep } from './archivalRecorder.ts';
import { countInRuns } from './countInRuns.ts';
import { writeTaskStatuses } from './taskStatusTable.ts';

/**
 * Of the first due rows of each host those that are fresh by what was recorded of them, with nothing else to be done: not
 * leased, not wanted, nothing failed or owed. One range of the index `archival_due` a host. The count stands in each row of
 * the host, and alone where none is fresh.
 */
const DUE_AND_FRESH = `
  with due as materialized (
      select found.* from unnest(cast(:hosts as text[])) as asked (host) cross join lateral (
        select * from :schema:.archival
        where lane = 'bulk' and host = asked.host and next_check_at <= :now
          and ${FREE}
        order by next_check_at limit :limit) as found),
    counted as (select host as asked, count(*)::int as due from due group by host),
    fresh as (
      select due.*, cast(null as timestamptz[]) as abandoned, ${sweepOf('due')} as sweep_id
      from due
      where fresh_until > :now and lease_owner is null and open_keys = '{}' and request_seq = done_seq and not retrying
        and broken is false and failure_count = 0 and key_at is not null and known ->> 'url' = url)
  select counted.asked, counted.due, ${LEASE_LIST} from counted left join fresh on fresh.host = counted.asked`;

/** Still what was read: a process that takes a row, wants it or advances it changes one of these. */
const LOCK = `
  select a.resource_id as "resourceId", ${sweepOf('a')} as "sweepId" from :schema:.archival as a
  join unnest(cast(:ids as text[]), cast(:tokens as bigint[]), cast(:seqs as bigint[])) as held (resource_id, token, seq)
    on a.resource_id = held.resource_id and a.lease_token is not distinct from held.token and a.request_seq = held.seq
  where a.lease_owner is null and a.lane = 'bulk' and a.next_check_at <= :now
  order by a.resource_id for update of a`;

const ADVANCE = `
  update :schema:.archival as a
  set dataset_id = i."datasetId", code = i.code, reason = i.reason, broken = false, confirmed = i.confirmed,
    attempts = i.attempts, last_success_at = i."checkedAt", checked_at = i."checkedAt", next_check_at = i."nextCheckAt",
    fresh_until = i."freshUntil", unchanged_count = i."unchangedCount", changed_count = 0, moved = i.moved, run_ids = '{}'
  from jsonb_to_recordset(cast(:records as jsonb)) as i ("resourceId" text, "datasetId" text, code text, reason text,
    confirmed jsonb, attempts int, "checkedAt" timestamptz, "nextCheckAt" timestamptz, "freshUntil" timestamptz,
    "unchangedCount" int, moved boolean)
  where a.resource_id = i."resourceId"`;

type HeldFresh = Pick<LeaseRow, 'resourceId' | 'sweepId'>;
type Row = LeaseRow & { readonly asked: string; readonly due: number };

/** The part of {@link Archivals} by which what is still fresh is advanced many at a time, without a lease. */
export class FreshArchivals implements Pick<Archivals, 'dueAndFresh' | 'dueAndFreshOf' | 'advance'> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async dueAndFresh(host: string, by: Parameters<Archivals['dueAndFresh']>[1]): Promise<DueAndFresh> {
    return (await this.dueAndFreshOf([host], by)).get(host) ?? { due: 0, fresh: [] };
  }

  async dueAndFreshOf(
    hosts: readonly string[],
    by: Parameters<Archivals['dueAndFreshOf']>[1],
  ): Promise<ReadonlyMap<string, DueAndFresh>> {
    const rows = await this.#database.rows<Row>('looking for what is fresh', DUE_AND_FRESH, { hosts, ...by });
    const found = new Map<string, { due: number; fresh: Lease[] }>(hosts.map((host) => [host, { due: 0, fresh: [] }]));
    for (const { asked, due, ...row } of rows) {
      const ofHost = found.get(asked) ?? { due, fresh: [] };
      ofHost.due = due;
      if (row.resourceId !== null) ofHost.fresh.push(leaseOf(row));
      found.set(asked, ofHost);
    }
    return found;
  }

  advance(records: readonly ArchivalRecord[], now: Date): Promise<Recorded[]> {
    const { guard, knex } = this.#database;
    return guard('advancing what is fresh', () => knex.transaction((on) => this.#advanceIn(on, records, now)));
  }

  async #advanceIn(on: HostTransaction, records: readonly ArchivalRecord[], now: Date): Promise<Recorded[]> {
    const database = this.#database;
    const held = await this.#lock(
      records.map(({ lease }) => lease),
      now,
      on,
    );
    const mine = records
      .filter(({ lease }) => held.has(lease.resourceId))
      .map((record) => inSweep(record, held.get(record.lease.resourceId) ?? null));
    if (mine.length === 0) return [];
    await database.rows('advancing what is fresh', ADVANCE, { records: JSON.stringify(mine.map(rowOf)) }, on);
    const statuses = mine.map(({ taskStatus }) => taskStatus);
    await writeTaskStatuses(database, statuses, on);
    const deliveries = mine.flatMap((record) => record.deliveries);
    await insertDeliveries(database, deliveries, null, on);
    await addToCounters(database, countersOf(mine.map(countableOf)), on);
    const ended = await countInRuns(database, mine, on);
    return mine.map(({ lease }) => ({
      resourceId: lease.resourceId,
      result: 'recorded',
      wantedAgain: false,
      endedRunIds: claimEnded(lease, ended),
    }));
  }

  /** By resource, the sweep that it belongs to by now. */
  async #lock(leases: readonly Lease[], now: Date, on: HostTransaction): Promise<ReadonlyMap<string, string | null>> {
    const bindings = {
      ids: leases.map(({ resourceId }) => resourceId),
      tokens: leases.map(({ token }) => token),
      seqs: leases.map(({ requestSeq }) => requestSeq),
      now,
    };
    const held = await this.#database.rows<HeldFresh>('locking what is fresh', LOCK, bindings, on);
    return new Map(held.map(({ resourceId, sweepId }) => [resourceId, sweepId]));
  }
}

function rowOf({ lease, archival, datasetId }: ArchivalRecord) {
  const { code, reason, confirmed, attempts, checkedAt, nextCheckAt, freshUntil, unchangedCount, moved } = archival;
  const said = { code, reason, confirmed, attempts, checkedAt, nextCheckAt, freshUntil, unchangedCount, moved };
  return { ...said, resourceId: lease.resourceId, datasetId };
}
