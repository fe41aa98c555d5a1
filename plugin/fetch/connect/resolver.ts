import { isIPv6 } from 'node:net';
import { codeOf } from '../../errors.ts';
import type { Config } from '../../settings/Config.ts';
import { HostsFile } from './hostsFile.ts';
import { type DnsAnswer, type Family, NameServers } from './nameServers.ts';

/** One address of a name. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: Family;
}

/** A name that has no address, or whose name server did not say. */
export class DnsFailure extends Error {
  /** true: the same question may be answered later. */
  readonly temporary: boolean;

  constructor(message: string, temporary: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'DnsFailure';
    this.temporary = temporary;
  }
}

/** Which name servers are asked, for how long, and whether the hosts file comes first. */
export interface ResolverSettings extends Pick<Config, 'dnsServers' | 'dnsTimeoutMs' | 'hostsFile'> {
  /** Default: the system's. */
  readonly hostsFilePath?: string;
}

/** RFC 8305 section 3: how long the answer for the other family is waited for once there is one. */
const OTHER_FAMILY_MS = 300;
const MAX_ADDRESSES = 64;
const PERMANENT: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/**
 * Names → addresses through c-ares, which waits on sockets and not in the few threads that the file system needs. Asks
 * again for each connection: what was vetted for one says nothing about the next.
 */
export class Resolver {
  readonly #servers: NameServers;
  readonly #timeoutMs: number;
  readonly #hostsFile: HostsFile | null;
  #closed = false;

  constructor({ dnsServers, dnsTimeoutMs, hostsFile, hostsFilePath = '/etc/hosts' }: ResolverSettings) {
    this.#servers = new NameServers({ dnsServers, dnsTimeoutMs });
    this.#timeoutMs = dnsTimeoutMs;
    this.#hostsFile = hostsFile ? new HostsFile(hostsFilePath) : null;
  }

  /** IPv4 first, each address once. Throws `DnsFailure` only, and always within the time limit. */
  async resolve(hostname: string, signal?: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    if (isLocalhost(name)) return tagged(['127.0.0.1', '::1']);
    const listed = (await this.#hostsFile?.addressesOf(name)) ?? [];
    if (listed.length > 0) return tagged(listed);
    return tagged(await this.#ask(name, signal));
  }

  /** Ends what is still being asked. */
  close(): void {
    this.#closed = true;
    this.#servers.cancel();
  }

  /** Both families concurrently. */
  #ask(name: string, signal?: AbortSignal): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const answers: DnsAnswer[] = [];
      const lookUp = this.#servers.lookUp(name);
      const settle = (run: () => void) => {
        clearTimeout(timer);
        lookUp.end();
        signal?.removeEventListener('abort', onAbort);
        run();
      };
      const finish = () => {
        const addresses = answers.flatMap((answer) => ('addresses' in answer ? answer.addresses : []));
        if (addresses.length > 0) settle(() => resolve(addresses));
        else settle(() => reject(failureOf(name, answers)));
      };
      const onAbort = () => settle(() => reject(new DnsFailure(`The search for ${name} was stopped.`, true)));
      let timer = setTimeout(finish, this.#timeoutMs);
      if (this.#closed || signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      const onAnswer = (answer: DnsAnswer) => {
        answers.push(answer);
        if (answers.length === 2) return finish();
        if (!('addresses' in answer) || answer.addresses.length === 0) return;
        clearTimeout(timer);
        timer = setTimeout(finish, Math.min(OTHER_FAMILY_MS, this.#timeoutMs));
      };
      for (const family of [4, 6] as const) lookUp.ask(family).then(onAnswer);
    });
  }
}

/** RFC 6761 section 6.3: names that are never looked up at a name server. */
export function isLocalhost(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

function failureOf(name: string, answers: readonly DnsAnswer[]): DnsFailure {
  const errors = answers.flatMap((answer) => ('error' in answer ? [answer.error] : []));
  const codes = errors.map(codeOf);
  const [cause] = errors;
  // "No such name" holds for every family (RFC 8020), but some servers say it of IPv6 where they mean "none".
  const noSuchName = answers.some((answer) => answer.family === 4 && 'error' in answer && saysNoName(answer.error));
  // An answer without addresses says as much as NODATA does.
  const lasting = noSuchName || (answers.length === 2 && codes.every((code) => PERMANENT.has(code)));
  if (!lasting) return new DnsFailure(`The name server did not answer for ${name}.`, true, cause);
  const unknown = codes.includes('ENOTFOUND') || codes.includes('EBADNAME');
  return new DnsFailure(
    unknown ? `The host ${name} does not exist.` : `The host ${name} has no address.`,
    false,
    cause,
  );
}

function saysNoName(error: unknown): boolean {
  return codeOf(error) === 'ENOTFOUND';
}

function tagged(addresses: readonly string[]): readonly ResolvedAddress[] {
  const all = [...new Set(addresses)].map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }) as const);
  return [...all.filter(({ family }) => family === 4), ...all.filter(({ family }) => family === 6)].slice(
    0,
    MAX_ADDRESSES,
  );
}
