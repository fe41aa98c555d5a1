import { closed, type HostState, newHost, settle, take } from '../../decide/hostBudget.ts';
import type { HostLimits, HostSlice, HostWait } from '../../model/host.ts';
import type { PlaceHolder } from '../../model/laneState.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { HeldSlots, HostStatus, Hosts } from '../Hosts.ts';
import { known, SitePlaces } from './sitePlaces.ts';

interface HostRow extends HostState {
  readonly override: Partial<HostLimits> | null;
}

type SliceRequest = Parameters<Hosts['takeSlice']>[1];
type SlotReport = Parameters<Hosts['releaseSlots']>[1];

/** Of a report that arrives without the limits by which its slice was taken. */
const DEFAULT_LIMITS: HostLimits = {
  requestsPerSecond: 2,
  burst: 5,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

const LIST = selectList({
  tokens: 'tokens',
  refilledAt: moment('refilled_at'),
  bytesDay: `to_char(bytes_day, 'YYYY-MM-DD')`,
  bytes: 'bytes::float8',
  pauseUntil: moment('pause_until'),
  deadCount: 'dead_count',
  openUntil: moment('open_until'),
  openCount: 'open_count',
  overloadedAt: moment('overloaded_at'),
  override: 'override',
} satisfies Record<keyof HostRow, string>);

const ENSURE = `
  insert into :schema:.host_limit (host, tokens, refilled_at) values (:host, :burst, :now) on conflict do nothing`;

const LOCK = `select ${LIST} from :schema:.host_limit as h where host = :host for update of h`;

const READ_MANY = `select host, ${LIST} from :schema:.host_limit where host = any(cast(:hosts as text[]))`;

const HOLDERS = `
  select host, max(address) as address, max(domain) as domain, sum(slots)::int as slots, ${moment('min(since)')} as since
  from :schema:.host_slot where until > clock_timestamp() group by host order by sum(slots) desc, min(since) limit :limit`;

const WRITE = `
  update :schema:.host_limit set tokens = :tokens, refilled_at = :refilledAt, bytes_day = cast(:bytesDay as date),
    bytes = :bytes, pause_until = :pauseUntil, dead_count = :deadCount, open_until = :openUntil, open_count = :openCount,
    overloaded_at = :overloadedAt
  where host = :host`;

const TAKE_SLOTS = `
  insert into :schema:.host_slot as s (host, owner, slots, address, domain, until)
  values (:host, :owner, :slots, :address, :domain, clock_timestamp() + :leaseMs * interval '1 millisecond')
  on conflict (host, owner) do update set slots = excluded.slots, until = excluded.until`;

/** Of dead owners; and who is in no longer waits. */
const CLEAR = `
  with entered as (delete from :schema:.host_wait where host = :host and urgent = :urgent)
  delete from :schema:.host_slot where host = :host and until < clock_timestamp()`;

const MARK_SLOW = `
  update :schema:.host_slot set slow_since = clock_timestamp()
  where host = :host and owner = :owner and slow_since is null`;

const MOVE_SLOTS = `
  update :schema:.host_slot set address = cast(:address as text) where host = :host and owner = :owner`;

const RENEW_SLOTS = `
  update :schema:.host_slot
  set slots = least(slots, :slots), until = clock_timestamp() + :leaseMs * interval '1 millisecond'
  where host = :host and owner = :owner`;

const STATUS = `
  select host, override, dead_count as "deadCount",
    ${moment('case when pause_until > now() then pause_until end')} as "pausedUntil",
    ${moment('case when open_until > now() then open_until end')} as "deadUntil",
    case when bytes_day = (now() at time zone 'utc')::date then bytes else 0 end::float8 as "bytesToday"
  from :schema:.host_limit`;

const PAUSED_FIRST = 'greatest(pause_until, open_until) > now() desc nulls last, override is null, host';

const SET_LIMITS = `
  insert into :schema:.host_limit (host, tokens, refilled_at, override)
  values (:host, :burst, now(), cast(:override as jsonb))
  on conflict (host) do update set override = excluded.override`;

/** {@link Hosts} in PostgreSQL; what a slice may take is decided in `decide/hostBudget`. */
export class HostTable implements Hosts {
  readonly #database: Database;
  readonly #sites: SitePlaces;

  constructor(database: Database) {
    this.#database = database;
    this.#sites = new SitePlaces(database);
  }

  takeSlice(host: string, by: SliceRequest): Promise<HostSlice> {
    const { guard, knex } = this.#database;
    return guard('taking a slice of a host', () => knex.transaction((on) => this.#takeIn(on, host, by)));
  }

  async renewSlots(host: string, by: Parameters<Hosts['renewSlots']>[1]): Promise<void> {
    await this.#database.rows('renewing slots of a host', RENEW_SLOTS, { host, ...by });
  }

  slowSlots(host: string, by: HeldSlots): Promise<readonly HostWait[]> {
    const { guard, knex } = this.#database;
    return guard('telling that a slot is slow', () => knex.transaction((on) => this.#slowIn(on, host, by)));
  }

  async moveSlots(host: string, by: Parameters<Hosts['moveSlots']>[1]): Promise<void> {
    await this.#database.rows('telling where a slot is', MOVE_SLOTS, { host, ...by });
  }

  releaseSlots(host: string, report: SlotReport): Promise<readonly HostWait[]> {
    const { guard, knex } = this.#database;
    return guard('giving a slice of a host back', () => knex.transaction((on) => this.#releaseIn(on, host, report)));
  }

  async leftAlone(hosts: readonly string[], by: Parameters<Hosts['leftAlone']>[1]): Promise<ReadonlySet<string>> {
    const { limitsFor, now, urgent } = by;
    const read = await this.#database.rows<HostRow & { readonly host: string }>('reading hosts', READ_MANY, { hosts });
    const rows = new Map(read.map((row) => [row.host, row]));
    const isClosed = (host: string) => {
      const row = rows.get(host);
      const limits = { ...limitsFor(host), ...row?.override };
      return closed(row ?? newHost(limits, now), { limits, now, urgent }) !== null;
    };
    return new Set(hosts.filter(isClosed));
  }

  holders(limit: number): Promise<readonly PlaceHolder[]> {
    return this.#database.rows('reading who has slots', HOLDERS, { limit });
  }

  async get(host: string): Promise<HostStatus | null> {
    const [row] = await this.#database.rows<HostStatus>('reading a host', `${STATUS} where host = :host`, { host });
    return row ?? null;
  }

  list(limit: number): Promise<readonly HostStatus[]> {
    return this.#database.rows('reading hosts', `${STATUS} order by ${PAUSED_FIRST} limit :limit`, { limit });
  }

  async setLimits(host: string, limits: Partial<HostLimits> | null): Promise<void> {
    const burst = limits?.burst ?? DEFAULT_LIMITS.burst;
    const bindings = { host, burst, override: limits && JSON.stringify(limits) };
    await this.#database.rows('setting the limits of a host', SET_LIMITS, bindings);
  }

  async #takeIn(on: HostTransaction, host: string, by: SliceRequest): Promise<HostSlice> {
    const { owner, requested, leaseMs, now, urgent = false, onTheWay = false, site } = by;
    await this.#sites.lock(on, site);
    const row = await this.#lock(on, host, by.limits, now);
    const limits = { ...by.limits, ...row.override };
    const { taken: slotsTaken, atAddress, atDomain } = await this.#sites.inUse(on, host, site);
    const { state, slice } = take(row, { requested, slotsTaken, limits, now, urgent, onTheWay, atAddress, atDomain });
    await this.#write(on, host, state);
    const waits = (slice.reason === 'address' || slice.reason === 'domain') && !onTheWay;
    if (waits) await this.#sites.wait(on, { host, urgent }, site);
    if (slice.slots === 0) return slice;
    const { rows } = this.#database;
    await rows('clearing slots of a host', CLEAR, { host, urgent }, on);
    await rows('taking slots of a host', TAKE_SLOTS, { host, owner, slots: slice.slots, leaseMs, ...known(site) }, on);
    return slice;
  }

  async #slowIn(on: HostTransaction, host: string, by: HeldSlots): Promise<readonly HostWait[]> {
    await this.#sites.lock(on, by.site);
    await this.#database.rows('telling that a slot is slow', MARK_SLOW, { host, owner: by.owner }, on);
    return this.#sites.call(on, by.site, by.slots);
  }

  async #releaseIn(on: HostTransaction, host: string, report: SlotReport): Promise<readonly HostWait[]> {
    await this.#sites.lock(on, report.site);
    const row = await this.#lock(on, host, DEFAULT_LIMITS, report.now);
    const limits = { ...(report.limits ?? DEFAULT_LIMITS), ...row.override };
    await this.#write(on, host, settle(row, report, limits));
    const release = 'delete from :schema:.host_slot where host = :host and owner = :owner';
    await this.#database.rows('giving slots of a host back', release, { host, owner: report.owner }, on);
    return this.#sites.call(on, report.site, report.slots);
  }

  /** Locks the host's row, so that two workers never take the same token. */
  async #lock(on: HostTransaction, host: string, limits: HostLimits, now: Date): Promise<HostRow> {
    const { rows } = this.#database;
    await rows('noting a host', ENSURE, { host, burst: newHost(limits, now).tokens, now }, on);
    const [row] = await rows<HostRow>('reading a host', LOCK, { host }, on);
    if (!row) throw new RangeError(`The row of host ${host} vanished.`);
    return row;
  }

  async #write(on: HostTransaction, host: string, state: HostState): Promise<void> {
    await this.#database.rows('writing a host', WRITE, { host, ...state }, on);
  }
}
