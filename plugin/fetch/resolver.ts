import { Resolver as CAresResolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** A name has no address. `temporary`: name servers were silent or failed, so a later look-up may work. */
export class DnsFailure extends Error {
  readonly temporary: boolean;

  constructor(message: string, temporary: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'DnsFailure';
    this.temporary = temporary;
  }
}

type Family = { readonly addresses: readonly ResolvedAddress[]; readonly error: unknown };

const TRIES = 2;
const MAX_ADDRESSES = 32;
const HOSTS_FILE = '/etc/hosts';

/**
 * Looks names up through c-ares, not through the file system's threads, so that slow name servers starve nobody else.
 * Nothing is cached: an answer counts for the one connection it was asked for.
 */
export class Resolver {
  readonly #servers: readonly string[];
  readonly #timeoutMs: number;
  readonly #hostsFile: boolean;

  constructor(config: Pick<Config, 'dnsServers' | 'dnsTimeoutMs' | 'hostsFile'>) {
    this.#servers = config.dnsServers.map(({ address, port }) =>
      address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    );
    this.#timeoutMs = config.dnsTimeoutMs;
    this.#hostsFile = config.hostsFile;
  }

  /** All addresses of a name, IPv4 first. Throws {@link DnsFailure}; settles when `signal` fires. */
  async resolve(hostname: string, signal?: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const name = hostname.replace(/\.$/, '').toLowerCase();
    // RFC 6761 section 6.3: these never leave the machine, whatever a name server says.
    if (name === 'localhost' || name.endsWith('.localhost')) {
      return [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ];
    }
    if (this.#hostsFile) {
      const listed = await fromHostsFile(name);
      if (listed.length > 0) return listed;
    }
    return this.#ask(name, signal);
  }

  async #ask(name: string, signal: AbortSignal | undefined): Promise<readonly ResolvedAddress[]> {
    const resolver = new CAresResolver({ timeout: this.#timeoutMs, tries: TRIES });
    if (this.#servers.length > 0) resolver.setServers(this.#servers);
    const cancel = () => resolver.cancel();
    // c-ares grows its time-out with each try; this is the end whatever it does.
    const timer = setTimeout(cancel, this.#timeoutMs * (TRIES + 1));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      const families = await Promise.all([
        settle(resolver.resolve4(name), 4),
        settle(resolver.resolve6(name), 6),
      ]);
      return chosen(name, families);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  }
}

async function settle(asked: Promise<string[]>, family: 4 | 6): Promise<Family> {
  try {
    return { addresses: (await asked).map((address) => ({ address, family })), error: null };
  } catch (error) {
    return { addresses: [], error };
  }
}

function chosen(name: string, families: readonly Family[]): readonly ResolvedAddress[] {
  const seen = new Set<string>();
  const addresses = families
    .flatMap((family) => family.addresses)
    .filter(({ address }) => !seen.has(address) && seen.add(address));
  if (addresses.length > MAX_ADDRESSES) throw new DnsFailure(`The name ${name} has more than ${MAX_ADDRESSES} addresses.`, false);
  if (addresses.length > 0) return addresses;
  const lasting = families.every(({ error }) => isLasting(error));
  if (lasting) throw new DnsFailure(`The name ${name} does not exist or has no address.`, false, families[0]?.error);
  const cause = families.find(({ error }) => !isLasting(error))?.error;
  throw new DnsFailure(`The name ${name} could not be looked up: ${messageOf(cause)}.`, true, cause);
}

/** The name servers know that there is nothing: NXDOMAIN, no data, or a name that no query can hold. */
function isLasting(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME';
}

async function fromHostsFile(name: string): Promise<ResolvedAddress[]> {
  const text = await readFile(HOSTS_FILE, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (!names.some((listed) => listed.toLowerCase() === name)) return [];
    return family === 4 || family === 6 ? [{ address, family }] : [];
  });
}
