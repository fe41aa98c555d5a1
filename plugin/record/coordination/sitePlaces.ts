import type { SiteUse } from '../../decide/hostBudget.ts';
import type { HostSite, HostWait } from '../../model/host.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';

/** Slots in use at a host, and at all hosts of its address and of its domain. */
export interface SlotsInUse {
  readonly taken: number;
  readonly atAddress: SiteUse;
  readonly atDomain: SiteUse;
}

/** Always in this order, and before the row of the host: two that share both never wait for one another. */
const LOCK = `
  select pg_advisory_xact_lock(hashtextextended(key, 0))
  from (select key from unnest(cast(:keys as text[])) as one (key) order by key) as keys`;

const sum = (where: string) => `coalesce(sum(slots) filter (where ${where}), 0)::int`;
const use = (column: 'address' | 'domain') =>
  `jsonb_build_object('young', ${sum(`s.${column} = w.${column} and slow_since is null`)},
    'slow', ${sum(`s.${column} = w.${column} and slow_since is not null`)})`;

/** In a statement of its own: one that waited for a lock would still see the slots of before. */
const IN_USE = `
  select used.taken, used."atAddress", used."atDomain"
  from unnest(cast(:hosts as text[]), cast(:addresses as text[]), cast(:domains as text[]))
      with ordinality as w (host, address, domain, place)
    cross join lateral (
      select ${sum('s.host = w.host')} as taken, ${use('address')} as "atAddress", ${use('domain')} as "atDomain"
      from :schema:.host_slot as s
      where until > clock_timestamp() and (s.host = w.host or s.address = w.address or s.domain = w.domain)) as used
  order by w.place`;

const WAIT = `
  insert into :schema:.host_wait (host, urgent, address, domain) values (:host, :urgent, :address, :domain)
  on conflict (host, urgent) do update set address = excluded.address, domain = excluded.domain`;

/** Requests before sweeps, hosts that hold nothing slow before others, then by the turns of their requests. */
const CALL = `
  delete from :schema:.host_wait as called using (
    select w.host, w.urgent from :schema:.host_wait as w
    where w.address = cast(:address as text) or w.domain = cast(:domain as text)
    order by w.urgent desc,
      exists (
        select from :schema:.host_slot as s
        where s.host = w.host and s.slow_since is not null and s.until > clock_timestamp()),
      (select min(a.turn_at) from :schema:.archival as a
       where w.urgent and a.host = w.host and a.lane = 'priority' and a.request_seq > a.done_seq) nulls last,
      w.since, w.host
    limit :count) as next
  where called.host = next.host and called.urgent = next.urgent returning called.host, called.urgent`;

/** Most of the time nobody does. */
const IS_ANYBODY_WAITING = `
  select from :schema:.host_wait
  where address = any (cast(:addresses as text[])) or domain = any (cast(:domains as text[])) limit 1`;

/** What the hosts of one address, and those of one registrable domain, have in use together, and who waits for it. */
export class SitePlaces {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Until the transaction ends nobody else takes, gives back or counts slots of these addresses and domains. */
  async lock(on: HostTransaction, sites: readonly HostSite[]): Promise<void> {
    const { schema, rows } = this.#database;
    const keys = new Set(
      sites.flatMap(({ address, domain }) => [
        ...(address === null ? [] : [`${schema} address ${address}`]),
        ...(domain === null ? [] : [`${schema} domain ${domain}`]),
      ]),
    );
    if (keys.size > 0) await rows('waiting for the other hosts of a site', LOCK, { keys: [...keys] }, on);
  }

  /** Of living owners, in the order in which they are given. */
  inUse(on: HostTransaction, hosts: readonly SitedHost[]): Promise<SlotsInUse[]> {
    const bindings = { hosts: hosts.map(({ host }) => host), ...columnsOf(hosts) };
    return this.#database.rows<SlotsInUse>('counting slots of hosts', IN_USE, bindings, on);
  }

  /** The host stands in the line from now on, or from before. */
  async wait(on: HostTransaction, { host, urgent }: HostWait, site: HostSite | undefined): Promise<void> {
    const bindings = { host, urgent, ...known(site) };
    await this.#database.rows('waiting for the site of a host', WAIT, bindings, on);
  }

  /** Takes so many out of the line. */
  async call(on: HostTransaction, site: HostSite | undefined, count: number): Promise<readonly HostWait[]> {
    const { address, domain } = known(site);
    if (address === null && domain === null) return [];
    return this.#database.rows<HostWait>('calling who waits for a site', CALL, { address, domain, count }, on);
  }

  /** Takes as many out of the lines as there were slots. */
  async callAll(on: HostTransaction, freed: readonly (SitedHost & { readonly slots: number })[]): Promise<HostWait[]> {
    const { addresses, domains } = columnsOf(freed);
    if ([...addresses, ...domains].every((one) => one === null)) return [];
    const waiting = await this.#database.rows('asking who waits', IS_ANYBODY_WAITING, { addresses, domains }, on);
    if (waiting.length === 0) return [];
    const called: HostWait[] = [];
    for (const { site, slots } of freed) called.push(...(await this.call(on, site, slots)));
    return called;
  }
}

/** A host, and what it shares with others. */
export interface SitedHost {
  readonly host: string;
  readonly site?: HostSite;
}

function columnsOf(hosts: readonly SitedHost[]) {
  const sites = hosts.map(({ site }) => known(site));
  return { addresses: sites.map(({ address }) => address), domains: sites.map(({ domain }) => domain) };
}

/** What a slot remembers of its site. */
export function known(site: HostSite | undefined): HostSite {
  return { address: site?.address ?? null, domain: site?.domain ?? null };
}
