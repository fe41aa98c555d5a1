import { Resolver as CaresResolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { codeOf } from '../../errors.ts';
import type { Config } from '../../settings/Config.ts';

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** What was found for one family; `error` as c-ares rejects with it. */
export type DnsAnswer = { readonly family: Family } & (
  | { readonly addresses: readonly string[] }
  | { readonly error: unknown }
);

type Servers = readonly string[];

/** Each try waits twice as long as the one before, less up to a half at random. */
const TRIES = 4;
const MAX_SERVERS = 3;

/**
 * What c-ares waits at first for a server that was quick before, whatever timeout it was given; it does not listen for
 * an answer that it gave up. A quick server may need seconds to resolve a name: then a second query waits for it.
 */
const QUICK_MS = 250;

/** Codes with which one server could not resolve a name; another one may. */
const SERVER_FAILURES: ReadonlySet<string> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP', 'EFORMERR', 'EBADRESP']);

/** The name servers behind c-ares, which by itself goes on to the next one only when one is silent. */
export class NameServers {
  readonly #timeoutMs: number;
  /** The first one asks all servers in turn, the second all but the first server, and so on. */
  readonly #resolvers: readonly CaresResolver[];

  constructor({ dnsServers, dnsTimeoutMs }: Pick<Config, 'dnsServers' | 'dnsTimeoutMs'>) {
    this.#timeoutMs = dnsTimeoutMs;
    const firstMs = Math.max(1, Math.floor(dnsTimeoutMs / 4));
    const first = caresOn(dnsServers.map(serverText), firstMs, TRIES);
    const others = first.getServers().slice(1, MAX_SERVERS);
    this.#resolvers = [first, ...others.map((_, at) => caresOn(others.slice(at), firstMs, TRIES))];
  }

  /** Ends every query. */
  cancel(): void {
    for (const asker of this.#resolvers) asker.cancel();
  }

  lookUp(name: string): LookUp {
    return new LookUp(name, this.#resolvers, this.#timeoutMs);
  }
}

/** One search for a name. */
export class LookUp {
  readonly #name: string;
  readonly #resolvers: readonly CaresResolver[];
  readonly #timeoutMs: number;
  readonly #slow: NodeJS.Timeout[] = [];
  #slowResolver: CaresResolver | null = null;

  constructor(name: string, askers: readonly CaresResolver[], timeoutMs: number) {
    this.#name = name;
    this.#resolvers = askers;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects. */
  ask(family: Family): Promise<DnsAnswer> {
    return new Promise((resolve) => {
      let open = 1;
      const onAnswer = (answer: DnsAnswer) => {
        open -= 1;
        if (open > 0 && 'error' in answer && codeOf(answer.error) === 'ETIMEOUT') return;
        clearTimeout(slow);
        resolve(answer);
      };
      const slow = setTimeout(() => {
        open += 1;
        this.#query(this.#createSlowResolver(), family).then(onAnswer);
      }, QUICK_MS);
      this.#slow.push(slow);
      this.#askInTurn(family, 0).then(onAnswer);
    });
  }

  /** The result is no longer waited for. The first queries go on: to cancel them would cancel those of other look-ups. */
  end(): void {
    for (const slow of this.#slow) clearTimeout(slow);
    this.#slowResolver?.cancel();
  }

  async #askInTurn(family: Family, at: number): Promise<DnsAnswer> {
    const [asker, next] = this.#resolvers.slice(at);
    if (!asker) return { family, error: null };
    const answer = await this.#query(asker, family);
    const inTrouble = 'error' in answer && SERVER_FAILURES.has(codeOf(answer.error));
    return inTrouble && next ? this.#askInTurn(family, at + 1) : answer;
  }

  /** A resolver of this look-up alone: without earlier answers to go by, it waits as long as it is told. */
  #createSlowResolver(): CaresResolver {
    this.#slowResolver ??= caresOn(this.#resolvers[0]?.getServers() ?? [], this.#timeoutMs, 1);
    return this.#slowResolver;
  }

  #query(cares: CaresResolver, family: Family): Promise<DnsAnswer> {
    const query = family === 4 ? cares.resolve4(this.#name) : cares.resolve6(this.#name);
    return query.then(
      (addresses) => ({ family, addresses }),
      (error: unknown) => ({ family, error }),
    );
  }
}

/** Without servers: the system's. */
function caresOn(servers: Servers, timeout: number, tries: number): CaresResolver {
  const cares = new CaresResolver({ timeout, tries });
  if (servers.length > 0) cares.setServers(servers);
  return cares;
}

function serverText({ address, port }: { address: string; port: number }): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
