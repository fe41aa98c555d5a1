import type { Archival } from '../../model/archival.ts';
import type { Code } from '../../model/status.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Catalog } from '../../portal/Portal.ts';
import type { Archivals, Forgotten, SweepCost } from '../Archivals.ts';
import { withDeliveries } from '../coordination/deliveryTable.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { ARCHIVAL_LIST, FREE } from './archivalColumns.ts';
import { ArchivalLeases } from './archivalLeases.ts';
import { ArchivalRecorder } from './archivalRecorder.ts';
import { ArchivalTurns } from './archivalTurns.ts';
import { ArchivalWaits } from './archivalWaits.ts';
import { FRONT } from './dueFront.ts';
import { FreshArchivals } from './freshArchivals.ts';
import { waitingHosts } from './laneWaits.ts';
import { OpenKeys } from './openKeys.ts';
import { requestArchivals } from './requestArchivals.ts';

const DUE_HOSTS = `${FRONT}
  select host, ${moment('next_check_at')} as "dueAt" from front where next_check_at <= :now order by next_check_at limit :limit`;

/** Every part is served by an index and ends early, for health asks every few seconds. */
const BACKLOG = `${FRONT},
  due as (select host, next_check_at from front where next_check_at <= :now),
  wanted as (
    select count(*)::int as count, min(next_check_at) as oldest from :schema:.archival
    where lane = 'priority' and request_seq > done_seq and next_check_at <= :now)
  select wanted.count + (
      select count(*)::int from (
        select from due cross join lateral (
          select from :schema:.archival as a
          where a.lane = 'bulk' and a.next_check_at is not null and a.host = due.host and a.next_check_at <= :now) as one
        limit 100000) as counted) as due,
    ${moment('least(wanted.oldest, (select min(next_check_at) from due))')} as "oldestDueAt",
    (select count(*)::int from :schema:.archival where lease_until >= clock_timestamp()) as leased,
    (select ${moment('max(checked_at)')} from :schema:.archival where checked_at is not null) as "lastSuccessAt"
  from wanted`;

const COST = `
  select count(*) filter (where is_due)::int as "dueRequests", count(*)::int as "allRequests",
    coalesce(sum(bytes) filter (where is_due), 0)::float8 as "dueBytes", coalesce(sum(bytes), 0)::float8 as "allBytes",
    count(distinct host) filter (where is_due)::int as "dueHosts", count(distinct host)::int as "allHosts"
  from (
    select host, bool_or(next_check_at <= :now) as is_due, max((known ->> 'bytes')::bigint) as bytes
    from :schema:.archival where host <> '' group by host, url) as urls`;

const LOST = `
  select resource_id as "resourceId" from :schema:.archival
  where lane = 'priority' and request_seq > done_seq and next_check_at < :before
    and ${FREE}
  order by next_check_at limit :limit`;

const DIFFERING = `
  select r.id from unnest(cast(:ids as text[]), cast(:urls as text[])) as r (id, url)
  left join :schema:.archival as a on a.resource_id = r.id where a.resource_id is null or a.url <> r.url`;

const FORGET = `
  with gone as (
      delete from :schema:.archival where resource_id = any(cast(:resourceIds as text[])) returning *),
    told as (
      insert into :schema:.event (at, resource_id, dataset_id, kind, previous_code, previous_copy_key)
      select now(), resource_id, dataset_id, 'removed', code, (select key from :schema:.copy where id = copy_id) from gone),
    untried as (delete from :schema:.attempt where resource_id = any(cast(:resourceIds as text[]))),
    unread as (delete from :schema:.landing where resource_id = any(cast(:resourceIds as text[]))),
    underived as (delete from :schema:.derived where resource_id = any(cast(:resourceIds as text[]))),
    unstated as (
      delete from :schema:.task_status
      where entity_id = any(cast(:resourceIds as text[])) and task_type = 'archiver' and key = 'status')
  select resource_id as "resourceId", dataset_id as "datasetId", to_jsonb(run_ids) as "runIds" from gone`;

/** Moments that are so close have the same backlog. */
const SAME_MS = 1000;
const NO_BACKLOG = { due: 0, oldestDueAt: null, leased: 0, lastSuccessAt: null };

/** `broken` as `decide/isBroken.ts` has it; a test compares the two. */
const COUNT_BY_CODE = `
  select code, case when broken is false then false when link_failure_count >= :confirmFailures then true end as broken,
    count(*)::int as count
  from :schema:.archival group by 1, 2`;

const OWN_FAULTS = `
  select count(*) filter (where code = 'host-refused')::int as "hostRefused",
    count(*) filter (where code = 'internal')::int as internal,
    -- By an index of its own.
    (select count(*)::int from :schema:.archival where code = 'store-failed') as "storeRefused"
  from :schema:.archival where code in ('host-refused', 'internal')`;

type OwnFaults = Awaited<ReturnType<Archivals['ownFaults']>>;
type Backlog = Awaited<ReturnType<Archivals['backlog']>>;

/** {@link Archivals} in PostgreSQL. */
export class ArchivalTable implements Archivals {
  readonly #database: Database;
  readonly #leases: ArchivalLeases;
  readonly #waits: ArchivalWaits;
  readonly #keys: OpenKeys;
  readonly #turns: ArchivalTurns;
  readonly #recorder: ArchivalRecorder;
  readonly #fresh: FreshArchivals;
  /** What is being counted just now. */
  #counting: { readonly at: number; readonly backlog: Promise<Backlog> } | null = null;

  constructor(database: Database, writeBack: Catalog['writeBack']) {
    this.#database = database;
    this.#leases = new ArchivalLeases(database);
    this.#waits = new ArchivalWaits(database);
    this.#keys = new OpenKeys(database);
    this.#turns = new ArchivalTurns(database);
    this.#recorder = new ArchivalRecorder(database, writeBack);
    this.#fresh = new FreshArchivals(database);
  }

  async get(resourceId: string): Promise<Archival | null> {
    const [archival] = await this.#select('resource_id = :resourceId', { resourceId });
    return archival ?? null;
  }

  getMany(resourceIds: readonly string[]): Promise<readonly Archival[]> {
    return this.#select('resource_id = any(cast(:resourceIds as text[]))', { resourceIds });
  }

  listByDataset(datasetId: string): Promise<readonly Archival[]> {
    return this.#select('dataset_id = :datasetId order by resource_id', { datasetId });
  }

  request: Archivals['request'] = (requests, how, deliveriesOf) => {
    const request = (on?: HostTransaction) => requestArchivals(this.#database, requests, how, on);
    if (!deliveriesOf) return request();
    return withDeliveries(this.#database, { doing: 'requesting archivals', now: how.now, deliveriesOf }, request);
  };

  lease: Archivals['lease'] = (resourceId, by) => this.#leases.lease(resourceId, by);
  leaseDue: Archivals['leaseDue'] = (host, by) => this.#leases.leaseDue(host, by);
  leaseDueOf: Archivals['leaseDueOf'] = (shares, by) => this.#leases.leaseDueOf(shares, by);
  renew: Archivals['renew'] = (leases, by) => this.#leases.renew(leases, by);
  release: Archivals['release'] = (leases) => this.#leases.release(leases);
  postpone: Archivals['postpone'] = (resourceId, until, reason) => this.#waits.postpone(resourceId, until, reason);
  explain: Archivals['explain'] = (resourceIds, reason) => this.#waits.explain(resourceIds, reason);
  explainDue: Archivals['explainDue'] = (host, how) => this.#waits.explainDue(host, how);
  resume: Archivals['resume'] = (reasonPrefix, now) => this.#waits.resume(reasonPrefix, now);
  defer: Archivals['defer'] = (lease, until, reason) => this.#leases.defer(lease, until, reason);
  turns: Archivals['turns'] = (resourceIds, now) => this.#turns.turns(resourceIds, now);
  park: Archivals['park'] = (resourceId, until) => this.#turns.park(resourceId, until);
  nextWaiting: Archivals['nextWaiting'] = (host, by) => this.#turns.nextWaiting(host, by);
  nextWaitingOf: Archivals['nextWaitingOf'] = (hosts, by) => this.#turns.nextWaitingOf(hosts, by);
  reopen: Archivals['reopen'] = (resourceId, keyAt, now) => this.#keys.reopen(resourceId, keyAt, now);
  keepOpen: Archivals['keepOpen'] = (lease) => this.#keys.keepOpen(lease);
  letGo: Archivals['letGo'] = (lease) => this.#keys.letGo(lease);
  nextRetryAt: Archivals['nextRetryAt'] = (host) => this.#leases.nextRetryAt(host);
  nextRetries: Archivals['nextRetries'] = (hosts) => this.#leases.nextRetries(hosts);
  hostsWithExpiredLeases: Archivals['hostsWithExpiredLeases'] = (limit) => this.#leases.hostsWithExpiredLeases(limit);
  record: Archivals['record'] = (records) => this.#recorder.record(records);
  dueAndFreshOf: Archivals['dueAndFreshOf'] = (hosts, by) => this.#fresh.dueAndFreshOf(hosts, by);
  advance: Archivals['advance'] = (advances, how) => this.#fresh.advance(advances, how);

  dueHosts(now: Date, limit: number): Promise<{ readonly host: string; readonly dueAt: Date }[]> {
    return this.#database.rows('looking for due hosts', DUE_HOSTS, { now, limit });
  }

  waitingHosts: Archivals['waitingHosts'] = (lane, by) => waitingHosts(this.#database, lane, by);

  async lostRequests(now: Date, idleMs: number, limit: number): Promise<readonly string[]> {
    const bindings = { before: new Date(now.getTime() - idleMs), limit };
    const found = await this.#database.rows<{ resourceId: string }>('looking for lost jobs', LOST, bindings);
    return found.map(({ resourceId }) => resourceId);
  }

  /** It looks at every host: who asks while somebody else is about to be told the same waits for that answer. */
  backlog(now: Date): Promise<Backlog> {
    const asked = this.#counting;
    if (asked && Math.abs(now.getTime() - asked.at) < SAME_MS) return asked.backlog;
    const counting = { at: now.getTime(), backlog: this.#backlog(now) };
    this.#counting = counting;
    const forget = () => {
      if (this.#counting === counting) this.#counting = null;
    };
    counting.backlog.then(forget, forget);
    return counting.backlog;
  }

  async #backlog(now: Date): Promise<Backlog> {
    const [row] = await this.#database.rows<Backlog>('counting what is due', BACKLOG, { now });
    return row ?? NO_BACKLOG;
  }

  async cost(now: Date): Promise<{ readonly due: SweepCost; readonly all: SweepCost }> {
    const [row] = await this.#database.rows<Partial<Record<string, number>>>('adding up what is due', COST, { now });
    const costOf = (which: 'due' | 'all'): SweepCost => ({
      requests: row?.[`${which}Requests`] ?? 0,
      bytes: row?.[`${which}Bytes`] ?? 0,
      hosts: row?.[`${which}Hosts`] ?? 0,
    });
    return { due: costOf('due'), all: costOf('all') };
  }

  async differing(resources: readonly { readonly id: string; readonly url: string }[]): Promise<ReadonlySet<string>> {
    const bindings = { ids: resources.map(({ id }) => id), urls: resources.map(({ url }) => url) };
    const found = await this.#database.rows<{ id: string }>('comparing the catalogue', DIFFERING, bindings);
    return new Set(found.map(({ id }) => id));
  }

  forget: Archivals['forget'] = (resourceIds, deliveriesOf) => {
    const doing = 'forgetting resources';
    const forget = (on?: HostTransaction) => this.#database.rows<Forgotten>(doing, FORGET, { resourceIds }, on);
    return deliveriesOf ? withDeliveries(this.#database, { doing, now: new Date(), deliveriesOf }, forget) : forget();
  };

  async ownFaults(): ReturnType<Archivals['ownFaults']> {
    const [row] = await this.#database.rows<OwnFaults>('counting faults of our own', OWN_FAULTS);
    return row ?? { hostRefused: 0, internal: 0, storeRefused: 0 };
  }

  async makeDue(code: Code, now: Date): Promise<void> {
    const sql = 'update :schema:.archival set next_check_at = :now where code = :code and next_check_at > :now';
    await this.#database.rows('making resources due', sql, { code, now });
  }

  countByCode(confirmFailures: number): ReturnType<Archivals['countByCode']> {
    return this.#database.rows('counting codes', COUNT_BY_CODE, { confirmFailures });
  }

  #select(which: string, bindings: Readonly<Record<string, unknown>>): Promise<Archival[]> {
    const sql = `select ${ARCHIVAL_LIST} from :schema:.archival where ${which}`;
    return this.#database.rows('reading archivals', sql, bindings);
  }
}
