import { setTimeout as wait } from 'node:timers/promises';
import { hostnameOf } from '../../decide/hostOf.ts';
import type { HostSite } from '../../model/host.ts';
import { registrableDomain } from '../http/registrableDomain.ts';
import { literalOf } from './addressGuard.ts';
import type { Resolver } from './resolver.ts';
import { addressBytes, mappedIpv4 } from './specialPurposeNetworks.ts';

/** What sites are found with. */
export interface HostSitesDeps {
  readonly resolver: Pick<Resolver, 'resolve'>;
  /** Whether names of this host are looked up here: a proxy looks them up itself. */
  isDirect(host: string): boolean;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
}

interface Known {
  readonly address: string | null;
  readonly until: number;
}

const REMEMBERED_MS = 60_000;
/** A name server that takes longer holds nobody up: its answer counts from the next time on. */
const PATIENCE_MS = 1000;
const MAX_HOSTS = 10_000;

/**
 * At which address and in which registrable domain a host is, for limits alone: every connection looks the name up again,
 * and is guarded. What was connected to counts more than what a name server says.
 */
export class HostSites {
  readonly #deps: HostSitesDeps;
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Promise<string | null>>();

  constructor(deps: HostSitesDeps) {
    this.#deps = deps;
  }

  /** `host` may end in a port. Never rejects. */
  async find(host: string): Promise<HostSite> {
    const hostname = hostnameOf(host);
    const literal = literalOf(hostname);
    if (literal !== null) return { address: machineOf(literal), domain: null };
    const address = hostname !== '' && this.#deps.isDirect(host) ? await this.#addressOf(hostname) : null;
    return { address, domain: registrableDomain(hostname) };
  }

  /** A connection to that host was made, to that address. Answers where it stands now when that is elsewhere than was known. */
  connected(hostname: string, address: string): string | null {
    const machine = machineOf(address);
    const isNew = machine !== null && this.#known.get(hostname)?.address !== machine;
    this.#remember(hostname, machine);
    return isNew && literalOf(hostname) === null ? machine : null;
  }

  async #addressOf(hostname: string): Promise<string | null> {
    const known = this.#known.get(hostname);
    if (known && known.until > this.#deps.elapsedMs()) return known.address;
    const asked = this.#asked.get(hostname) ?? this.#ask(hostname, known?.address ?? null);
    this.#asked.set(hostname, asked);
    const leaves = new AbortController();
    const left = wait(PATIENCE_MS, null, { signal: leaves.signal }).catch(() => null);
    return Promise.race([asked, left]).finally(() => leaves.abort());
  }

  /** Name servers turn the order of their answers round: what was known before stays where it is among them. */
  async #ask(hostname: string, before: string | null): Promise<string | null> {
    const found = await this.#deps.resolver.resolve(hostname).catch(() => []);
    const machines = found.map(({ address }) => machineOf(address)).filter((machine) => machine !== null);
    const address = machines.find((machine) => machine === before) ?? machines.sort()[0] ?? null;
    this.#asked.delete(hostname);
    this.#remember(hostname, address);
    return address;
  }

  #remember(hostname: string, address: string | null): void {
    this.#known.delete(hostname);
    this.#known.set(hostname, { address, until: this.#deps.elapsedMs() + REMEMBERED_MS });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_HOSTS && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** One machine has as many IPv6 addresses as it likes: the network that they come from stands for them. */
function machineOf(address: string): string | null {
  const bytes = addressBytes(address);
  if (!bytes) return null;
  const ipv4 = bytes.length === 4 ? bytes : mappedIpv4(bytes);
  if (ipv4) return ipv4.join('.');
  const groups = [0, 2, 4, 6].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return `${groups.join(':')}::/64`;
}
