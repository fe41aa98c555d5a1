import type { Lease } from '../../model/archival.ts';
import type { Archivals } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { LEASE_LIST, type LeaseRow, leaseOf } from './archivalColumns.ts';

/**
 * Takes leases of the rows that `chosen` names and answers them. The database's clock decides when a lease ends. The
 * key's timestamp never repeats for a resource, and those of leases that ended without a record are handed on.
 * The rows are found by their keys, which an array of ids makes sure of: a join would read the whole table as soon as the
 * planner expects many rows.
 */
const TAKE = `
  update :schema:.archival as a
  set lease_owner = :owner, lease_until = clock_timestamp() + :leaseMs * interval '1 millisecond',
    lease_token = nextval(cast(:sequence as regclass)), key_at = NEXT_KEY, open_keys = open_keys || NEXT_KEY
  where resource_id = any (array(select resource_id from (CHOSEN) as locked))
  returning a.*, a.open_keys[:cardinality(a.open_keys) - 1] as abandoned, (
    select id from :schema:.run where kind = 'sweep' and state in ('queued', 'running') and created_at >= a.next_check_at
      and a.lane = 'bulk' order by created_at limit 1) as sweep_id`.replaceAll(
  'NEXT_KEY',
  `greatest(date_trunc('second', cast(:now as timestamptz)), key_at + interval '1 second')`,
);

const FREE = '(lease_until is null or lease_until < clock_timestamp())';

/** To be taken now: of an expired lease only where its owner had the time to renew it. */
const TAKEABLE = '(lease_until is null or lease_until < clock_timestamp() and :takesOver)';

const ONE = `select resource_id from :schema:.archival
  where resource_id = :resourceId and ${TAKEABLE} and request_seq > done_seq for update`;

/**
 * Those whose turn it is, and with each all that share its URL: one request answers them. One range of the index
 * `archival_due` and one look-up a URL in `archival_url`, however much is due.
 */
const DUE_OF_HOST = `
  with first as materialized (
    select url from :schema:.archival
    where lane = 'bulk' and host = :host and next_check_at <= :now and ${TAKEABLE}
    order by next_check_at limit :limit)
  select same.resource_id from (select distinct url from first) as due cross join lateral (
    select resource_id from :schema:.archival
    where url = due.url and lane = 'bulk' and next_check_at <= :now and ${TAKEABLE}
    for update skip locked) as same`;

const MARK_RUNNING = `
  update :schema:.task_status set state = 'running', last_updated = :now
  where entity_id in (select resource_id from taken) and task_type = 'archiver' and key = 'status'`;

const START_RUNS = `
  update :schema:.run set state = 'running', started_at = coalesce(started_at, :now)
  where state = 'queued' and id in (select unnest(run_ids || sweep_id) from taken)`;

type LeaseMethods = Pick<
  Archivals,
  | 'lease'
  | 'leaseDue'
  | 'renew'
  | 'release'
  | 'postpone'
  | 'defer'
  | 'explain'
  | 'explainDue'
  | 'resume'
  | 'reopen'
  | 'nextRetryAt'
  | 'hostsWithExpiredLeases'
>;

/** Locked in the order in which records lock them: else a renewal and a group of records wait for each other in a circle. */
const HELD = `
  held as materialized (
    select a.resource_id from :schema:.archival as a
    join unnest(cast(:ids as text[]), cast(:tokens as bigint[])) as lease (resource_id, token)
      on a.resource_id = lease.resource_id and a.lease_token = lease.token
    where a.lease_owner is not null order by a.resource_id for update of a)`;

const RENEW = `
  with ${HELD}
  update :schema:.archival set lease_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
  where resource_id = any (array(select resource_id from held)) returning resource_id as "resourceId"`;

const RELEASE = `
  with ${HELD}
  update :schema:.archival set lease_owner = null, lease_until = null, next_check_at = least(next_check_at, now())
  where resource_id = any (array(select resource_id from held))`;

const POSTPONE = `
  with postponed as (
    update :schema:.archival set next_check_at = greatest(next_check_at, :until)
    where resource_id = :resourceId and request_seq > done_seq and ${FREE} returning resource_id)
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = now()
  where entity_id in (select resource_id from postponed) and task_type = 'archiver' and key = 'status'
    and cast(:reason as text) is not null`;

const EXPLAIN = `
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = now()
  where entity_id = any(cast(:resourceIds as text[])) and task_type = 'archiver' and key = 'status'`;

/** What is told already is not written again. */
const EXPLAIN_DUE = `
  with due as materialized (
    select resource_id from :schema:.archival
    where lane = 'bulk' and host = :host and next_check_at <= :now and ${FREE}
    order by next_check_at limit :limit)
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    error = cast(:reason as text), last_updated = :now
  where entity_id in (select resource_id from due) and task_type = 'archiver' and key = 'status'
    and error is distinct from cast(:reason as text)`;

const RESUME = `
  update :schema:.archival as a set next_check_at = :now
  from :schema:.task_status as t
  where a.lane = 'priority' and a.request_seq > a.done_seq and a.next_check_at > :now and ${FREE}
    and t.entity_id = a.resource_id and t.task_type = 'archiver' and t.key = 'status' and starts_with(t.error, :reasonPrefix)
  returning a.resource_id as "resourceId"`;

/** It counts as a retry, so that the host's next job comes for it; attempts that were not made are not counted. */
const DEFER = `
  with deferred as (
    update :schema:.archival set lease_owner = null, lease_until = null, next_check_at = :until,
      attempts = case when retrying then attempts else 0 end, retrying = true
    where resource_id = :resourceId and lease_token = :token returning resource_id)
  update :schema:.task_status
  set state = 'pending', value = (cast(value as jsonb) || jsonb_build_object('reason', cast(:reason as text)))::text,
    last_updated = now()
  where entity_id in (select resource_id from deferred) and task_type = 'archiver' and key = 'status'`;

const REOPEN = `
  update :schema:.archival set open_keys = open_keys || cast(:keyAt as timestamptz),
    key_at = greatest(key_at, cast(:keyAt as timestamptz)), next_check_at = least(next_check_at, :now)
  where resource_id = :resourceId and ${FREE} returning resource_id`;

const NEXT_RETRY = `
  select ${moment('min(next_check_at)')} as at from :schema:.archival where lane = 'bulk' and retrying and host = :host and ${FREE}`;

const EXPIRED_HOSTS = `
  select distinct host from :schema:.archival
  where lane = 'bulk' and lease_until < clock_timestamp() and lease_owner is not null limit :limit`;

/** The part of {@link Archivals} by which workers share the resources among them. */
export class ArchivalLeases implements LeaseMethods {
  readonly #rows: Database['rows'];
  readonly #servedMs: Database['servedMs'];
  readonly #sequence: string;

  constructor({ schema, rows, servedMs }: Database) {
    this.#rows = rows;
    this.#servedMs = servedMs;
    this.#sequence = `"${schema}".lease_token`;
  }

  async lease(resourceId: string, by: Parameters<LeaseMethods['lease']>[1]): Promise<Lease | null> {
    const [lease] = await this.#take(ONE, { ...by, resourceId });
    return lease ?? null;
  }

  leaseDue(host: string, by: Parameters<LeaseMethods['leaseDue']>[1]): Promise<readonly Lease[]> {
    return this.#take(DUE_OF_HOST, { ...by, host });
  }

  async renew(leases: readonly Lease[], { leaseMs }: { readonly leaseMs: number }): Promise<ReadonlySet<string>> {
    const bindings = { leaseMs, ...pairs(leases) };
    const renewed = await this.#rows<{ resourceId: string }>('renewing leases', RENEW, bindings);
    return new Set(renewed.map(({ resourceId }) => resourceId));
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.#rows('giving leases back', RELEASE, pairs(leases));
  }

  async postpone(resourceId: string, until: Date, reason?: string): Promise<void> {
    await this.#rows('postponing an archival', POSTPONE, { resourceId, until, reason: reason ?? null });
  }

  async explainDue(host: string, how: Parameters<Archivals['explainDue']>[1]): Promise<void> {
    await this.#rows('saying what archivals wait for', EXPLAIN_DUE, { host, ...how });
  }

  async explain(resourceIds: readonly string[], reason: string): Promise<void> {
    await this.#rows('saying what archivals wait for', EXPLAIN, { resourceIds, reason });
  }

  async resume(reasonPrefix: string, now: Date): Promise<readonly string[]> {
    const resumed = await this.#rows<{ resourceId: string }>('resuming archivals', RESUME, { reasonPrefix, now });
    return resumed.map(({ resourceId }) => resourceId);
  }

  async defer({ resourceId, token }: Lease, until: Date, reason: string): Promise<void> {
    await this.#rows('deferring an archival', DEFER, { resourceId, token, until, reason });
  }

  async reopen(resourceId: string, keyAt: Date, now: Date): Promise<boolean> {
    return (await this.#rows('reopening an archival', REOPEN, { resourceId, keyAt, now })).length > 0;
  }

  async nextRetryAt(host: string): Promise<Date | null> {
    const [row] = await this.#rows<{ at: Date | null }>('looking for the next retry', NEXT_RETRY, { host });
    return row?.at ?? null;
  }

  async hostsWithExpiredLeases(limit: number): Promise<readonly string[]> {
    const found = await this.#rows<{ host: string }>('looking for expired leases', EXPIRED_HOSTS, { limit });
    return found.map(({ host }) => host);
  }

  /**
   * Where the database was away for longer than leases last, all have expired when it is back, and their owners, who keep what they
   * fetched, renew them within a third of a lease: until then nobody takes them, else it is fetched again.
   */
  async #take(
    chosen: string,
    bindings: Readonly<Record<string, unknown>> & { readonly leaseMs: number },
  ): Promise<Lease[]> {
    const takesOver = this.#servedMs() >= bindings.leaseMs / 2;
    const sql = `with taken as (${TAKE.replace('CHOSEN', chosen)}), running as (${MARK_RUNNING}), runs as (${START_RUNS})
      select ${LEASE_LIST} from taken`;
    const rows = await this.#rows<LeaseRow>('leasing resources', sql, {
      ...bindings,
      takesOver,
      sequence: this.#sequence,
    });
    return rows.map(leaseOf);
  }
}

function pairs(leases: readonly Lease[]): { ids: string[]; tokens: number[] } {
  return { ids: leases.map(({ resourceId }) => resourceId), tokens: leases.map(({ token }) => token) };
}
