import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { HostSettings } from '../../model/settings.ts';
import type { Config } from '../../settings/loadConfig.ts';
import type { Deadlines } from '../exchange/deadlines.ts';
import { lenientExchange } from '../exchange/lenientExchange.ts';
import type { Answer, Ask, Exchanged } from '../exchange/Response.ts';
import { exchange } from '../exchange/undiciExchange.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { Ending } from '../outcome/outcome.ts';
import { endingOf } from '../outcome/outcome.ts';
import type { Trace } from '../outcome/trace.ts';
import { Cookies } from './cookies.ts';
import { isPermanent, isRedirect, nextHop } from './redirects.ts';
import { askOf, isExcluded, type UrlCredentials } from './requestHeaders.ts';

/** The connections, already guarded: whatever they cannot or will not reach fails with a `ConnectFailure`. */
export interface Connections {
  dispatcherFor(url: URL, connection?: 'kept' | 'new'): Dispatcher;
  socketFor(url: URL, signal: AbortSignal, deadlineMs: number): Promise<Socket>;
  /** `host` ends in its port, since a port may have settings of its own. */
  hostSettingsFor(host: string): HostSettings | null;
}

export interface TrailContext {
  readonly settings: Pick<Config, 'maxRedirects' | 'retryAfterMaxMs' | 'excludeHosts'>;
  readonly agents: Connections;
  readonly userAgent: string;
  readonly trace: Trace;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
  /** `check` takes a 202 as it is. */
  readonly polls: boolean;
}

export type Found =
  | {
      readonly kind: 'found';
      readonly answer: Answer /** Conditions were sent with this very request. */;
      readonly conditional: boolean;
    }
  | { readonly kind: 'ending'; readonly ending: Ending };

/** What to send besides the usual, and to which of the URLs on the way. */
export interface Extra {
  readonly headers: Readonly<Record<string, string>>;
  appliesTo(url: URL): boolean;
}

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 15_000;

/** One URL and where it leads: asks, follows redirects, waits where the server says 202, until there is a final answer. */
export class Trail {
  readonly #context: TrailContext;
  readonly #cookies = new Cookies();
  readonly #credentials = new Map<string, UrlCredentials>();
  readonly #hostOrigins = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #odd = new Set<string>();
  #url: URL;
  #polls = 0;
  /** What a 202 comes to when no time is left for what follows it. */
  #preparing: Ending | null = null;

  constructor(context: TrailContext, url: URL, credentials: UrlCredentials | null) {
    this.#context = context;
    this.#url = url;
    if (credentials) this.#credentials.set(url.origin, credentials);
    this.#seen.add(this.#place(url));
    context.trace.finalUrl = url.href;
  }

  get url(): URL {
    return this.#url;
  }

  /** From here on the lenient parser reads this origin's answers. */
  markOdd(): void {
    this.#odd.add(this.#url.origin);
  }

  /** Asks where the trail has come to; a second call asks there again. */
  async next(extra: Extra | null): Promise<Found> {
    for (;;) {
      const conditional = extra?.appliesTo(this.#url) ?? false;
      const exchanged = await this.ask(conditional && extra ? extra.headers : {});
      if (exchanged.kind === 'failure') return this.#unfinished() ?? ending(exchanged.failure);
      const { answer } = exchanged;
      this.#preparing = null;
      this.#cookies.store(this.#url, answer.headers);
      if (isRedirect(answer.status)) {
        const bad = this.#follow(answer);
        if (bad) return { kind: 'ending', ending: endingOf(bad, { status: answer.status }) };
      } else if (answer.status === 202 && this.#context.polls) {
        const over = await this.#poll(answer);
        if (over) return { kind: 'ending', ending: over };
      } else return { kind: 'found', answer, conditional };
    }
  }

  /** One request to the URL the trail has come to, through the lenient parser where the strict one fails. */
  async ask(extra: Readonly<Record<string, string>>): Promise<Exchanged> {
    const { trace, settings } = this.#context;
    if (isExcluded(this.#url.hostname, settings.excludeHosts)) {
      return refusal(failure('excluded', `The settings exclude the host ${this.#url.hostname}.`));
    }
    const ask = this.#askFor(this.#url, extra);
    if (this.#odd.has(this.#url.origin)) return this.#askLeniently(ask, null);
    const exchanged = await this.#askStrictly(ask);
    if (exchanged.kind === 'answer' || exchanged.sent) trace.requests += 1;
    if (exchanged.kind === 'answer' || !exchanged.odd) return exchanged;
    return this.#askLeniently(ask, exchanged.failure);
  }

  /** A kept connection that the server has closed meanwhile is no failure of this request: once more on a new one. */
  async #askStrictly(ask: Ask): Promise<Exchanged> {
    const { agents, deadlines, signal } = this.#context;
    const exchanged = await exchange(agents.dispatcherFor(ask.url), ask, deadlines, signal);
    if (exchanged.kind === 'answer' || !exchanged.deadReused) return exchanged;
    return exchange(agents.dispatcherFor(ask.url, 'new'), ask, deadlines, signal);
  }

  async #askLeniently(ask: Ask, before: Failure | null): Promise<Exchanged> {
    const { agents, deadlines, signal, trace } = this.#context;
    const socketFor: Connections['socketFor'] = (url, stop, deadlineMs) => agents.socketFor(url, stop, deadlineMs);
    const exchanged = await lenientExchange(socketFor, ask, deadlines, signal);
    if (exchanged.kind === 'answer' || exchanged.sent) trace.requests += 1;
    if (exchanged.kind === 'answer') {
      trace.lenient = true;
      this.#odd.add(ask.url.origin);
      return exchanged;
    }
    const hidesCause = exchanged.failure.code === 'reset' || exchanged.failure.code === 'refused';
    return before && hidesCause ? refusal(before) : exchanged;
  }

  #askFor(url: URL, extra: Readonly<Record<string, string>>): Ask {
    return askOf({
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

  #follow(answer: Answer): Failure | null {
    const { trace, settings } = this.#context;
    answer.drop();
    trace.wireBytes += answer.wireBytes;
    const hop = nextHop(answer.status, answer.headers, this.#url);
    if (hop.kind === 'bad') return hop.failure;
    if (trace.redirects.length >= settings.maxRedirects) {
      return failure('redirect-loop', `The server redirects more than ${settings.maxRedirects} times.`);
    }
    trace.redirects.push({ status: answer.status, from: this.#url.href, to: hop.url.href });
    trace.permanent &&= isPermanent(answer.status);
    if (hop.credentials) this.#credentials.set(hop.url.origin, hop.credentials);
    const place = this.#place(hop.url);
    if (this.#seen.has(place))
      return failure('redirect-loop', `The redirects go round in a circle: back to ${hop.url.href}`);
    this.#seen.add(place);
    this.#url = hop.url;
    trace.finalUrl = hop.url.href;
    return null;
  }

  /** A URL asked for again with other cookies may lead elsewhere. */
  #place(url: URL): string {
    return `${url.href} ${this.#cookies.fieldFor(url) ?? ''}`;
  }

  /** Waits until a 202 is worth another look (RFC 9110 section 15.3.3); answers the ending when it is not. */
  async #poll(answer: Answer): Promise<Ending | null> {
    const { deadlines, settings, signal, trace } = this.#context;
    answer.drop();
    trace.wireBytes += answer.wireBytes;
    const asked = retryAfterMs(answer.headers, Date.now(), settings.retryAfterMaxMs);
    const wishedMs = asked ?? Math.min(FIRST_POLL_MS * 2 ** this.#polls, LONGEST_POLL_MS);
    this.#polls += 1;
    // A server that says 0 every time is not asked without a pause.
    const waitMs = Math.max(wishedMs, Math.min(20 * this.#polls, 1000));
    const reason = `The server is still preparing the file: 202 Accepted, asked ${this.#polls} times.`;
    this.#preparing = endingOf(failure('http-error', reason, true), { status: 202, retryAfterMs: asked });
    if (waitMs >= deadlines.remainingMs) return this.#preparing;
    await deadlines.wait(waitMs, signal);
    return null;
  }

  /** The total deadline ended a request that asked for what was being prepared. */
  #unfinished(): Found | null {
    return this.#preparing && this.#context.deadlines.overdue ? { kind: 'ending', ending: this.#preparing } : null;
  }
}

function ending(reason: Failure): Found {
  return { kind: 'ending', ending: endingOf(reason) };
}

function refusal(reason: Failure): Exchanged {
  return { kind: 'failure', failure: reason, sent: false, odd: false, deadReused: false };
}

/** Past caches that answered for the server before. */
export function unconditional(): Extra {
  return { headers: { 'cache-control': 'no-cache' }, appliesTo: () => true };
}
