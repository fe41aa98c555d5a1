import type { Lease } from '../../model/archival.ts';
import type { Archivals, HostShare } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { FREE, heldRows, LEASE_LIST, type LeaseRow, leaseOf, OPEN_SWEEPS, openSweepOf } from './archivalColumns.ts';

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
  returning a.*, a.open_keys[:cardinality(a.open_keys) - 1] as abandoned,
    case when a.lane = 'bulk' then ${openSweepOf('a')} end as sweep_id`.replaceAll(
  'NEXT_KEY',
  `greatest(date_trunc('second', cast(:now as timestamptz)), key_at + interval '1 second')`,
);

/** To be taken now: of an expired lease only where its owner had the time to renew it. */
const TAKEABLE = '(lease_until is null or lease_until < clock_timestamp() and :takesOver)';

const ONE = `select resource_id from :schema:.archival
  where resource_id = :resourceId and ${TAKEABLE} and request_seq > done_seq for update`;

/**
 * Of a row that was found by something else: said so that no index serves it. Where the statistics are older than what fell due,
 * the planner would read all that is due again for each row.
 */
const LOOKED_UP_DUE = `coalesce(lane, '') = 'bulk' and coalesce(next_check_at, 'infinity') <= :now`;

/**
 * Of each host those whose turn it is, and with each all that share its URL: one request answers them. One range of the index
 * `archival_due` a host and one look-up a URL in `archival_url`, however much is due.
 */
const DUE_OF_HOSTS = `
  with first as materialized (
    select due.url from unnest(cast(:hosts as text[]), cast(:limits as int[])) as asked (host, most) cross join lateral (
      select url from :schema:.archival
      where lane = 'bulk' and host = asked.host and next_check_at <= :now and ${TAKEABLE}
      order by next_check_at limit asked.most) as due)
  select same.resource_id from (select distinct url from first) as due cross join lateral (
    select resource_id from :schema:.archival
    where url = due.url and ${LOOKED_UP_DUE} and ${TAKEABLE}
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
  | 'leaseDueOf'
  | 'renew'
  | 'release'
  | 'defer'
  | 'nextRetryAt'
  | 'nextRetries'
  | 'hostsWithExpiredLeases'
>;

const HELD = `held as materialized (${heldRows('resource_id')})`;

const RENEW = `
  with ${HELD}
  update :schema:.archival set lease_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
  where resource_id = any (array(select resource_id from held)) returning resource_id as "resourceId"`;

const RELEASE = `
  with ${HELD}
  update :schema:.archival set lease_owner = null, lease_until = null, next_check_at = least(next_check_at, now())
  where resource_id = any (array(select resource_id from held))`;

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

const NEXT_RETRIES = `
  select asked.host, retry.at from unnest(cast(:hosts as text[])) as asked (host) cross join lateral (
    select ${moment('min(next_check_at)')} as at from :schema:.archival
    where lane = 'bulk' and retrying and host = asked.host and ${FREE}) as retry`;

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

  async leaseDue(host: string, by: Parameters<LeaseMethods['leaseDue']>[1]): Promise<readonly Lease[]> {
    const { limit, ...how } = by;
    return [...(await this.leaseDueOf([{ host, limit }], how)).values()].flat();
  }

  async leaseDueOf(
    shares: readonly HostShare[],
    by: Parameters<LeaseMethods['leaseDueOf']>[1],
  ): Promise<ReadonlyMap<string, readonly Lease[]>> {
    const bindings = { hosts: shares.map(({ host }) => host), limits: shares.map(({ limit }) => limit) };
    const leases = await this.#take(DUE_OF_HOSTS, { ...by, ...bindings });
    return byHost(leases, new Set(bindings.hosts));
  }

  async renew(leases: readonly Lease[], { leaseMs }: { readonly leaseMs: number }): Promise<ReadonlySet<string>> {
    const bindings = { leaseMs, ...pairs(leases) };
    const renewed = await this.#rows<{ resourceId: string }>('renewing leases', RENEW, bindings);
    return new Set(renewed.map(({ resourceId }) => resourceId));
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.#rows('giving leases back', RELEASE, pairs(leases));
  }

  async defer({ resourceId, token }: Lease, until: Date, reason: string): Promise<void> {
    await this.#rows('deferring an archival', DEFER, { resourceId, token, until, reason });
  }

  async nextRetryAt(host: string): Promise<Date | null> {
    return (await this.nextRetries([host])).get(host) ?? null;
  }

  async nextRetries(hosts: readonly string[]): Promise<ReadonlyMap<string, Date | null>> {
    const found = await this.#rows<{ host: string; at: Date | null }>('looking for the next retries', NEXT_RETRIES, {
      hosts,
    });
    return new Map(found.map(({ host, at }) => [host, at]));
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
    const sql = `with ${OPEN_SWEEPS}, taken as (${TAKE.replace('CHOSEN', chosen)}), running as (${MARK_RUNNING}), runs as (${START_RUNS})
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

/** What shares its URL with a host's belongs to its share, also where an older version noted another host. */
function byHost(leases: readonly Lease[], hosts: ReadonlySet<string>): ReadonlyMap<string, readonly Lease[]> {
  const hostByUrl = new Map<string, string>();
  for (const { archival } of leases) if (hosts.has(archival.host)) hostByUrl.set(archival.url, archival.host);
  const [first = ''] = hosts;
  const shares = new Map<string, Lease[]>();
  for (const lease of leases) {
    const host = hostByUrl.get(lease.archival.url) ?? first;
    const share = shares.get(host);
    if (share) share.push(lease);
    else shares.set(host, [lease]);
  }
  return shares;
}
