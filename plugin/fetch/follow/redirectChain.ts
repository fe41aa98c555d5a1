import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/loadConfig.ts';
import type { Deadlines } from '../exchange/deadlines.ts';
import { lenientExchange } from '../exchange/lenientExchange.ts';
import type { ExchangeResult, HttpRequest, HttpResponse } from '../exchange/Response.ts';
import { exchange } from '../exchange/undiciExchange.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { outcomeOf } from '../outcome/outcome.ts';
import type { Trace } from '../outcome/trace.ts';
import { Cookies } from './cookies.ts';
import { isPermanent, isRedirect, nextHop } from './redirects.ts';
import { buildRequest, isExcluded, type UrlCredentials } from './requestHeaders.ts';

/** The connections, already guarded: whatever they cannot or will not reach fails with a `ConnectFailure`. */
export interface GuardedConnections {
  dispatcherFor(url: URL, connection?: 'kept' | 'new'): Dispatcher;
  socketFor(url: URL, signal: AbortSignal, deadlineMs: number): Promise<Socket>;
  /** `host` ends in its port, since a port may have settings of its own. */
  hostSettingsFor(host: string): HostSettings | null;
}

export interface RedirectChainDeps {
  readonly settings: Pick<Config, 'maxRedirects' | 'retryAfterMaxMs' | 'excludeHosts'>;
  readonly agents: GuardedConnections;
  readonly userAgent: string;
  readonly trace: Trace;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
  /** `check` takes a 202 as it is. */
  readonly waitsFor202: boolean;
}

export type ChainResult =
  | {
      readonly kind: 'response';
      readonly response: HttpResponse /** Conditions were sent with this very request. */;
      readonly conditional: boolean;
    }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** What to send besides the usual, and to which of the URLs on the way. */
export interface ConditionalHeaders {
  readonly headers: Readonly<Record<string, string>>;
  appliesTo(url: URL): boolean;
}

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 15_000;

/** One URL and where it leads: asks, follows redirects, waits where the server says 202, until there is a final answer. */
export class RedirectChain {
  readonly #context: RedirectChainDeps;
  readonly #cookies = new Cookies();
  readonly #credentials = new Map<string, UrlCredentials>();
  readonly #hostOrigins = new Map<string, string>();
  readonly #visited = new Set<string>();
  readonly #malformedOrigins = new Set<string>();
  #url: URL;
  #polls = 0;
  /** What a 202 comes to when no time is left for what follows it. */
  #preparing: Outcome | null = null;

  constructor(context: RedirectChainDeps, url: URL, credentials: UrlCredentials | null) {
    this.#context = context;
    this.#url = url;
    if (credentials) this.#credentials.set(url.origin, credentials);
    this.#visited.add(this.#visitKey(url));
    context.trace.finalUrl = url.href;
  }

  get url(): URL {
    return this.#url;
  }

  /** From here on the lenient parser reads this origin's answers. */
  markMalformed(): void {
    this.#malformedOrigins.add(this.#url.origin);
  }

  /** Asks where the trail has come to; a second call asks there again. */
  async next(extra: ConditionalHeaders | null): Promise<ChainResult> {
    for (;;) {
      const conditional = extra?.appliesTo(this.#url) ?? false;
      const result = await this.send(conditional && extra ? extra.headers : {});
      if (result.kind === 'failure') return this.#unfinished() ?? outcome(result.failure);
      const { response } = result;
      this.#preparing = null;
      this.#cookies.store(this.#url, response.headers);
      if (isRedirect(response.status)) {
        const bad = this.#follow(response);
        if (bad) return { kind: 'outcome', outcome: outcomeOf(bad, { status: response.status }) };
      } else if (response.status === 202 && this.#context.waitsFor202) {
        const over = await this.#poll(response);
        if (over) return { kind: 'outcome', outcome: over };
      } else return { kind: 'response', response, conditional };
    }
  }

  /** One request to the URL the trail has come to, through the lenient parser where the strict one fails. */
  async send(extra: Readonly<Record<string, string>>): Promise<ExchangeResult> {
    const { trace, settings } = this.#context;
    if (isExcluded(this.#url.hostname, settings.excludeHosts)) {
      return refusal(failure('excluded', `The settings exclude the host ${this.#url.hostname}.`));
    }
    const request = this.#requestFor(this.#url, extra);
    if (this.#malformedOrigins.has(this.#url.origin)) return this.#sendLeniently(request, null);
    const result = await this.#sendStrictly(request);
    if (result.kind === 'response' || result.sent) trace.requests += 1;
    if (result.kind === 'response' || !result.malformed) return result;
    return this.#sendLeniently(request, result.failure);
  }

  /** A kept connection that the server has closed meanwhile is no failure of this request: once more on a new one. */
  async #sendStrictly(request: HttpRequest): Promise<ExchangeResult> {
    const { agents, deadlines, signal } = this.#context;
    const result = await exchange(agents.dispatcherFor(request.url), request, deadlines, signal);
    if (result.kind === 'response' || !result.staleConnection) return result;
    return exchange(agents.dispatcherFor(request.url, 'new'), request, deadlines, signal);
  }

  async #sendLeniently(request: HttpRequest, before: Failure | null): Promise<ExchangeResult> {
    const { agents, deadlines, signal, trace } = this.#context;
    const socketFor: GuardedConnections['socketFor'] = (url, stop, deadlineMs) =>
      agents.socketFor(url, stop, deadlineMs);
    const result = await lenientExchange(socketFor, request, deadlines, signal);
    if (result.kind === 'response' || result.sent) trace.requests += 1;
    if (result.kind === 'response') {
      trace.lenient = true;
      this.#malformedOrigins.add(request.url.origin);
      return result;
    }
    const hidesCause = result.failure.code === 'reset' || result.failure.code === 'refused';
    return before && hidesCause ? refusal(before) : result;
  }

  #requestFor(url: URL, extra: Readonly<Record<string, string>>): HttpRequest {
    return buildRequest({
      url,
      userAgent: this.#context.userAgent,
      host: this.#hostFor(url),
      credentials: this.#credentials.get(url.origin) ?? null,
      cookie: this.#cookies.fieldFor(url),
      extra,
    });
  }

  /** A host's settings hold for the origin of it that is met first, and for an upgrade of that one to https. */
  #hostFor(url: URL): HostSettings | null {
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    const settings = this.#context.agents.hostSettingsFor(`${url.hostname}:${port}`);
    if (!settings) return null;
    const first = this.#hostOrigins.get(url.hostname) ?? url.origin;
    this.#hostOrigins.set(url.hostname, first);
    return first === url.origin || (url.protocol === 'https:' && first.startsWith('http:')) ? settings : null;
  }

  #follow(response: HttpResponse): Failure | null {
    const { trace, settings } = this.#context;
    response.drop();
    trace.wireBytes += response.wireBytes;
    const hop = nextHop(response.status, response.headers, this.#url);
    if (hop.kind === 'bad') return hop.failure;
    if (trace.redirects.length >= settings.maxRedirects) {
      return failure('redirect-loop', `The server redirects more than ${settings.maxRedirects} times.`);
    }
    trace.redirects.push({ status: response.status, from: this.#url.href, to: hop.url.href });
    trace.permanent &&= isPermanent(response.status);
    if (hop.credentials) this.#credentials.set(hop.url.origin, hop.credentials);
    const place = this.#visitKey(hop.url);
    if (this.#visited.has(place))
      return failure('redirect-loop', `The redirects go round in a circle: back to ${hop.url.href}`);
    this.#visited.add(place);
    this.#url = hop.url;
    trace.finalUrl = hop.url.href;
    return null;
  }

  /** A URL asked for again with other cookies may lead elsewhere. */
  #visitKey(url: URL): string {
    return `${url.href} ${this.#cookies.fieldFor(url) ?? ''}`;
  }

  /** Waits until a 202 is worth another look (RFC 9110 section 15.3.3); answers the ending when it is not. */
  async #poll(response: HttpResponse): Promise<Outcome | null> {
    const { deadlines, settings, signal, trace } = this.#context;
    response.drop();
    trace.wireBytes += response.wireBytes;
    const asked = retryAfterMs(response.headers, Date.now(), settings.retryAfterMaxMs);
    const wishedMs = asked ?? Math.min(FIRST_POLL_MS * 2 ** this.#polls, LONGEST_POLL_MS);
    this.#polls += 1;
    // A server that says 0 every time is not asked without a pause.
    const waitMs = Math.max(wishedMs, Math.min(20 * this.#polls, 1000));
    const reason = `The server is still preparing the file: 202 Accepted, asked ${this.#polls} times.`;
    this.#preparing = outcomeOf(failure('http-error', reason, true), { status: 202, retryAfterMs: asked });
    if (waitMs >= deadlines.remainingMs) return this.#preparing;
    await deadlines.wait(waitMs, signal);
    return null;
  }

  /** The total deadline ended a request that asked for what was being prepared. */
  #unfinished(): ChainResult | null {
    return this.#preparing && this.#context.deadlines.overdue ? { kind: 'outcome', outcome: this.#preparing } : null;
  }
}

function outcome(reason: Failure): ChainResult {
  return { kind: 'outcome', outcome: outcomeOf(reason) };
}

function refusal(reason: Failure): ExchangeResult {
  return { kind: 'failure', failure: reason, sent: false, malformed: false, staleConnection: false };
}

/** Past caches that answered for the server before. */
export function unconditional(): ConditionalHeaders {
  return { headers: { 'cache-control': 'no-cache' }, appliesTo: () => true };
}
