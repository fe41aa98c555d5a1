import { countersOf } from '../../decide/countersOf.ts';
import type { Lease } from '../../model/archival.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { ArchivalRecord, Archivals, DueAndFresh, Recorded } from '../Archivals.ts';
import { insertDeliveries } from '../coordination/deliveryTable.ts';
import type { Database } from '../database/Database.ts';
import { addToCounters } from '../history/counterTable.ts';
import { LEASE_LIST, type LeaseRow, leaseOf } from './archivalColumns.ts';
import { claimEnded, countableOf } from './archivalRecorder.ts';
import { countInRuns } from './countInRuns.ts';
import { writeTaskStatuses } from './taskStatusTable.ts';

/**
 * Of the first due rows of a host those that are fresh by what was recorded of them, with nothing else to be done: not
 * leased, not wanted, nothing failed or owed. One range of the index `archival_due`. The count stands in each row, and alone
 * where none is fresh.
 */
const DUE_AND_FRESH = `
  with due as materialized (
      select * from :schema:.archival
      where lane = 'bulk' and host = :host and next_check_at <= :now
        and (lease_until is null or lease_until < clock_timestamp())
      order by next_check_at limit :limit),
    fresh as (
      select due.*, cast(null as timestamptz[]) as abandoned, (
        select id from :schema:.run where kind = 'sweep' and state in ('queued', 'running') and created_at >= due.next_check_at
        order by created_at limit 1) as sweep_id
      from due
      where fresh_until > :now and lease_owner is null and open_keys = '{}' and request_seq = done_seq and not retrying
        and broken is false and failure_count = 0 and key_at is not null and known ->> 'url' = url)
  select (select count(*)::int from due) as due, ${LEASE_LIST} from (select) as always left join fresh on true`;

/** Still what was read: a process that takes a row, wants it or advances it changes one of these. */
const LOCK = `
  select a.resource_id as "resourceId" from :schema:.archival as a
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

type Row = LeaseRow & { readonly due: number };

/** The part of {@link Archivals} by which what is still fresh is advanced many at a time, without a lease. */
export class FreshArchivals implements Pick<Archivals, 'dueAndFresh' | 'advance'> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async dueAndFresh(host: string, by: Parameters<Archivals['dueAndFresh']>[1]): Promise<DueAndFresh> {
    const rows = await this.#database.rows<Row>('looking for what is fresh', DUE_AND_FRESH, { host, ...by });
    const fresh = rows.filter(({ resourceId }) => resourceId !== null).map(({ due: _, ...row }) => leaseOf(row));
    return { due: rows[0]?.due ?? 0, fresh };
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
    const mine = records.filter(({ lease }) => held.has(lease.resourceId));
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

  async #lock(leases: readonly Lease[], now: Date, on: HostTransaction): Promise<ReadonlySet<string>> {
    const bindings = {
      ids: leases.map(({ resourceId }) => resourceId),
      tokens: leases.map(({ token }) => token),
      seqs: leases.map(({ requestSeq }) => requestSeq),
      now,
    };
    const held = await this.#database.rows<{ resourceId: string }>('locking what is fresh', LOCK, bindings, on);
    return new Set(held.map(({ resourceId }) => resourceId));
  }
}

function rowOf({ lease, archival, datasetId }: ArchivalRecord) {
  const { code, reason, confirmed, attempts, checkedAt, nextCheckAt, freshUntil, unchangedCount, moved } = archival;
  const said = { code, reason, confirmed, attempts, checkedAt, nextCheckAt, freshUntil, unchangedCount, moved };
  return { ...said, resourceId: lease.resourceId, datasetId };
}
