import { closed, newHost } from '../../decide/hostBudget.ts';
import type { HostLimits, HostSlice, HostWait } from '../../model/host.ts';
import type { PlaceHolder } from '../../model/laneState.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import type { HeldSlots, HostStatus, Hosts, SliceAsk, SliceReport } from '../Hosts.ts';
import { HOST_LIST, type HostRow } from './hostColumns.ts';
import { HostSlices } from './hostSlices.ts';
import { known, SitePlaces } from './sitePlaces.ts';

/** Of a host of which limits are set that it was never asked by. */
const DEFAULT_BURST = 5;

const READ_MANY = `select host, ${HOST_LIST} from :schema:.host_limit where host = any(cast(:hosts as text[]))`;

const HOLDERS = `
  select host, max(address) as address, max(domain) as domain, sum(slots)::int as slots, ${moment('min(since)')} as since
  from :schema:.host_slot where until > clock_timestamp() group by host order by sum(slots) desc, min(since) limit :limit`;

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
  readonly #slices: HostSlices;

  constructor(database: Database) {
    this.#database = database;
    this.#sites = new SitePlaces(database);
    this.#slices = new HostSlices(database);
  }

  takeSlices: Hosts['takeSlices'] = (asks) => this.#slices.takeSlices(asks);
  releaseAll: Hosts['releaseAll'] = (reports) => this.#slices.releaseAll(reports);

  async takeSlice(host: string, by: Omit<SliceAsk, 'host'>): Promise<HostSlice> {
    const [slice] = await this.takeSlices([{ host, ...by }]);
    if (!slice) throw new RangeError(`No slice of host ${host} was answered.`);
    return slice;
  }

  releaseSlots(host: string, report: Omit<SliceReport, 'host'>): Promise<readonly HostWait[]> {
    return this.releaseAll([{ host, ...report }]);
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
    const burst = limits?.burst ?? DEFAULT_BURST;
    const bindings = { host, burst, override: limits && JSON.stringify(limits) };
    await this.#database.rows('setting the limits of a host', SET_LIMITS, bindings);
  }

  async #slowIn(on: HostTransaction, host: string, by: HeldSlots): Promise<readonly HostWait[]> {
    await this.#sites.lock(on, [known(by.site)]);
    await this.#database.rows('telling that a slot is slow', MARK_SLOW, { host, owner: by.owner }, on);
    return this.#sites.call(on, by.site, by.slots);
  }
}
