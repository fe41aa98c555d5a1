import { type HostState, newHost, settle, take } from '../../decide/hostBudget.ts';
import type { HostLimits, HostSite, HostSlice, HostWait } from '../../model/host.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import type { Hosts, SliceAsk, SliceReport } from '../Hosts.ts';
import { HOST_LIST, type HostRow } from './hostColumns.ts';
import { known, SitePlaces, type SlotsInUse } from './sitePlaces.ts';

/** Of a report that arrives without the limits by which its slice was taken. */
const DEFAULT_LIMITS: HostLimits = {
  requestsPerSecond: 2,
  burst: 5,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

const ENSURE = `
  insert into :schema:.host_limit (host, tokens, refilled_at)
  select host, tokens, :now from unnest(cast(:hosts as text[]), cast(:tokens as float8[])) as new (host, tokens)
  order by host on conflict do nothing`;

/** In the order of names: two who lock several never wait for each other in a circle. */
const LOCK = `
  select host, ${HOST_LIST} from :schema:.host_limit as h where host = any (cast(:hosts as text[])) order by host for update of h`;

const WRITE = `
  update :schema:.host_limit as h set tokens = i.tokens, refilled_at = i."refilledAt", bytes_day = i."bytesDay", bytes = i.bytes,
    pause_until = i."pauseUntil", dead_count = i."deadCount", open_until = i."openUntil", open_count = i."openCount",
    overloaded_at = i."overloadedAt"
  from jsonb_to_recordset(cast(:states as jsonb)) as i (host text, tokens float8, "refilledAt" timestamptz, "bytesDay" date,
    bytes bigint, "pauseUntil" timestamptz, "deadCount" int, "openUntil" timestamptz, "openCount" int, "overloadedAt" timestamptz)
  where h.host = i.host`;

/** Slots of dead owners go, and who is in no longer waits. */
const TAKE = `
  with taken as materialized (
      select * from jsonb_to_recordset(cast(:taken as jsonb)) as i (host text, owner text, slots int, address text, domain text,
        urgent boolean, "leaseMs" float8)),
    written as (${WRITE}),
    entered as (delete from :schema:.host_wait as w using taken where w.host = taken.host and w.urgent = taken.urgent),
    cleared as (
      delete from :schema:.host_slot as s
      where host in (select host from taken) and until < clock_timestamp() and owner not in (select owner from taken))
  insert into :schema:.host_slot as s (host, owner, slots, address, domain, until)
  select host, owner, slots, address, domain, clock_timestamp() + "leaseMs" * interval '1 millisecond' from taken
  on conflict (host, owner) do update set slots = excluded.slots, until = excluded.until`;

const RELEASE = `
  with written as (${WRITE})
  delete from :schema:.host_slot as s using unnest(cast(:hosts as text[]), cast(:owners as text[])) as gone (host, owner)
  where s.host = gone.host and s.owner = gone.owner`;

/** The part of {@link Hosts} by which slices of hosts are taken and given back, many in one transaction. */
export class HostSlices implements Pick<Hosts, 'takeSlices' | 'releaseAll'> {
  readonly #database: Database;
  readonly #sites: SitePlaces;

  constructor(database: Database) {
    this.#database = database;
    this.#sites = new SitePlaces(database);
  }

  takeSlices(asks: readonly SliceAsk[]): Promise<readonly HostSlice[]> {
    const { guard, knex } = this.#database;
    return guard('taking slices of hosts', () => knex.transaction((on) => this.#takeIn(on, asks)));
  }

  releaseAll(reports: readonly SliceReport[]): Promise<readonly HostWait[]> {
    const { guard, knex } = this.#database;
    return guard('giving slices of hosts back', () => knex.transaction((on) => this.#releaseIn(on, reports)));
  }

  async #takeIn(on: HostTransaction, asks: readonly SliceAsk[]): Promise<readonly HostSlice[]> {
    await this.#sites.lock(on, asks.map(siteOf));
    const rows = await this.#lock(on, asks);
    const inUse = await this.#sites.inUse(on, asks);
    const granted: Granted[] = [];
    const slices = asks.map((ask, index) => {
      const row = demand(rows, ask.host);
      const limits = { ...ask.limits, ...row.override };
      const { taken: slotsTaken, atAddress, atDomain } = withGranted(inUse[index], ask, granted);
      const { state, slice } = take(row, { ...ask, slotsTaken, limits, atAddress, atDomain });
      rows.set(ask.host, { ...row, ...state });
      if (slice.slots > 0) granted.push({ ask, slots: slice.slots });
      return { ...slice, limits, tokensLeft: state.tokens };
    });
    await this.#writeTaken(on, rows, granted);
    for (const [index, ask] of asks.entries()) if (mayWait(ask, slices[index])) await this.#wait(on, ask);
    return slices;
  }

  async #releaseIn(on: HostTransaction, reports: readonly SliceReport[]): Promise<readonly HostWait[]> {
    await this.#sites.lock(on, reports.map(siteOf));
    const rows = await this.#lock(on, reports);
    for (const report of reports) {
      const row = demand(rows, report.host);
      const limits = { ...(report.limits ?? DEFAULT_LIMITS), ...row.override };
      rows.set(report.host, { ...row, ...settle(row, report, limits) });
    }
    const gone = { hosts: reports.map(({ host }) => host), owners: reports.map(({ owner }) => owner) };
    await this.#database.rows('giving slots of hosts back', RELEASE, { states: statesOf(rows), ...gone }, on);
    return this.#sites.callAll(on, reports);
  }

  async #writeTaken(
    on: HostTransaction,
    rows: ReadonlyMap<string, HostRow>,
    granted: readonly Granted[],
  ): Promise<void> {
    const { rows: write } = this.#database;
    const taken = granted.map(({ ask: { host, owner, urgent = false, leaseMs, site }, slots }) => {
      return { host, owner, slots, urgent, leaseMs, ...known(site) };
    });
    const states = statesOf(rows);
    if (taken.length === 0) await write('writing hosts', WRITE, { states }, on);
    else await write('taking slots of hosts', TAKE, { states, taken: JSON.stringify(taken) }, on);
  }

  #wait(on: HostTransaction, { host, urgent = false, site }: SliceAsk): Promise<void> {
    return this.#sites.wait(on, { host, urgent }, site);
  }

  /** Locks the rows of the hosts, so that two workers never take the same token. Those that are not there are made. */
  async #lock(on: HostTransaction, asks: readonly (SliceAsk | SliceReport)[]): Promise<Map<string, HostRow>> {
    const { rows } = this.#database;
    const hosts = [...new Set(asks.map(({ host }) => host))];
    const locked = async () => {
      const found = await rows<HostRow & { readonly host: string }>('reading hosts', LOCK, { hosts }, on);
      return new Map<string, HostRow>(found.map(({ host, ...row }) => [host, row]));
    };
    const before = await locked();
    if (before.size === hosts.length) return before;
    const missing = new Map(asks.filter(({ host }) => !before.has(host)).map((ask) => [ask.host, ask]));
    const now = asks[0]?.now ?? new Date();
    const tokens = [...missing.values()].map(({ limits }) => newHost(limits ?? DEFAULT_LIMITS, now).tokens);
    await rows('noting hosts', ENSURE, { hosts: [...missing.keys()], tokens, now }, on);
    return locked();
  }
}

/** Slots that this very transaction gave. */
interface Granted {
  readonly ask: SliceAsk;
  readonly slots: number;
}

const siteOf = ({ site }: SliceAsk | SliceReport): HostSite => known(site);

/** What is in use, with what was granted before in the same transaction. */
function withGranted(inUse: SlotsInUse | undefined, ask: SliceAsk, granted: readonly Granted[]): SlotsInUse {
  const { taken = 0, atAddress = NONE, atDomain = NONE } = inUse ?? {};
  const site = known(ask.site);
  const sum = (isShared: (other: SliceAsk) => boolean) =>
    granted.reduce((slots, one) => slots + (isShared(one.ask) ? one.slots : 0), 0);
  const young = (member: keyof HostSite) =>
    site[member] === null ? 0 : sum((other) => known(other.site)[member] === site[member]);
  return {
    taken: taken + sum(({ host }) => host === ask.host),
    atAddress: { ...atAddress, young: atAddress.young + young('address') },
    atDomain: { ...atDomain, young: atDomain.young + young('domain') },
  };
}

const NONE = { young: 0, slow: 0 };

function mayWait({ onTheWay = false }: SliceAsk, slice: HostSlice | undefined): boolean {
  return !onTheWay && (slice?.reason === 'address' || slice?.reason === 'domain');
}

function demand(rows: ReadonlyMap<string, HostRow>, host: string): HostRow {
  const row = rows.get(host);
  if (!row) throw new RangeError(`The row of host ${host} vanished.`);
  return row;
}

function statesOf(rows: ReadonlyMap<string, HostState>): string {
  return JSON.stringify([...rows].map(([host, state]) => ({ host, ...state })));
}
