import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { HeaderMap } from '../../model/attempt.ts';
import type { HostSettings } from '../../model/settings.ts';
import type { AttemptScope } from '../exchange/AttemptScope.ts';
import { failedExchange } from '../exchange/exchangeFailure.ts';
import { lenientExchange } from '../exchange/lenientExchange.ts';
import type { ExchangeResult, HttpRequest } from '../exchange/Response.ts';
import { exchange } from '../exchange/undiciExchange.ts';
import { portOf } from '../http/parseUrl.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { Cookies } from './cookies.ts';
import { buildRequest, isExcluded, type UrlCredentials } from './requestHeaders.ts';

/** The connections, already guarded: what they cannot or will not reach fails with a `ConnectFailure`. */
export interface GuardedConnections {
  /** `new`: over a connection of its own, which is closed afterwards. */
  dispatcherFor(url: URL, connection?: 'kept' | 'new'): Dispatcher;
  /** A connection ready for the first byte of a request. */
  socketFor(url: URL, signal: AbortSignal, deadlineMs: number): Promise<Socket>;
  /** `host` ends in its port, since a port may have settings of its own. */
  hostSettingsFor(host: string): HostSettings | null;
}

/** A form that is filled in: what its submission sends besides the usual. */
export interface FormContent {
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** An `Authorization` field for one URL alone: no redirect takes it along. */
export interface UrlAuthorization {
  readonly url: URL;
  readonly field: string;
}

/** What the requests of one attempt have in common. */
export interface RequestSenderDeps {
  readonly scope: AttemptScope;
  readonly agents: GuardedConnections;
  readonly userAgent: string;
  readonly authorization: UrlAuthorization | null;
  /** The media type that is asked for first; null: any is as good. */
  readonly mediaType: string | null;
}

/** Sends the requests of one attempt with what each origin may see: its own cookies, credentials and settings. */
export class RequestSender {
  readonly #deps: RequestSenderDeps;
  readonly #cookies = new Cookies();
  readonly #credentials = new Map<string, UrlCredentials>();
  readonly #hostOrigins = new Map<string, string>();
  readonly #malformedOrigins = new Set<string>();

  constructor(deps: RequestSenderDeps) {
    this.#deps = deps;
  }

  /** From here on the lenient parser reads this origin's responses. */
  markMalformed(url: URL): void {
    this.#malformedOrigins.add(url.origin);
  }

  /** Credentials of a link or of a `Location`, for its origin alone. */
  addCredentials(url: URL, credentials: UrlCredentials): void {
    this.#credentials.set(url.origin, credentials);
  }

  /** The `Set-Cookie` fields of a response of this URL. */
  storeCookies(url: URL, headers: HeaderMap): void {
    this.#cookies.store(url, headers);
  }

  /** The `Cookie` field that a request to this URL would have; null for none. */
  cookieFor(url: URL): string | null {
    return this.#cookies.fieldFor(url);
  }

  /** One request, through the lenient parser where the strict one cannot read the response. */
  async send(url: URL, extra: Readonly<Record<string, string>>): Promise<ExchangeResult> {
    const { trace } = this.#deps.scope;
    const sentAt = performance.now();
    const result = await this.#sendEither(url, extra);
    trace.firstByteMs = result.kind === 'response' ? Math.round(performance.now() - sentAt) : null;
    return result;
  }

  async #sendEither(url: URL, extra: Readonly<Record<string, string>>): Promise<ExchangeResult> {
    const { trace, settings } = this.#deps.scope;
    if (isExcluded(url.hostname, settings.excludeHosts)) return excluded(url);
    const busy = await this.#deps.scope.visits.moveTo(url);
    if (busy) return failedExchange(busy);
    const request = this.#requestFor(url, extra);
    if (this.#malformedOrigins.has(url.origin)) return this.#sendLeniently(request, null);
    const result = await this.#sendStrictly(request);
    if (result.kind === 'response' || result.sent) trace.requests += 1;
    if (result.kind === 'response' || !result.malformed) return result;
    return this.#sendLeniently(request, result.failure);
  }

  /** A form, on a connection of its own: a server that hangs up leaves no reason to send it again. */
  async submit(url: URL, { content, headers }: FormContent): Promise<ExchangeResult> {
    const { agents, scope } = this.#deps;
    if (isExcluded(url.hostname, scope.settings.excludeHosts)) return excluded(url);
    const busy = await scope.visits.moveTo(url);
    if (busy) return failedExchange(busy);
    const request = { ...this.#requestFor(url, headers), content };
    const result = await exchange(agents.dispatcherFor(url, 'new'), request, scope);
    if (result.kind === 'response' || result.sent) scope.trace.requests += 1;
    return result.kind === 'response' ? result : { ...result, malformed: false };
  }

  /** A kept connection that the server has closed meanwhile is no failure of this request: once more on a new one. */
  async #sendStrictly(request: HttpRequest): Promise<ExchangeResult> {
    const { agents, scope } = this.#deps;
    const result = await exchange(agents.dispatcherFor(request.url), request, scope);
    if (result.kind === 'response' || !result.staleConnection) return result;
    return exchange(agents.dispatcherFor(request.url, 'new'), request, scope);
  }

  /** `before`: why the strict parser failed, which counts when this connection shows nothing better. */
  async #sendLeniently(request: HttpRequest, before: Failure | null): Promise<ExchangeResult> {
    const { agents, scope } = this.#deps;
    const result = await lenientExchange((...asked) => agents.socketFor(...asked), request, scope);
    if (result.kind === 'response' || result.sent) scope.trace.requests += 1;
    if (result.kind === 'response') {
      scope.trace.lenient = true;
      this.markMalformed(request.url);
      return result;
    }
    const hidesCause = result.failure.code === 'reset' || result.failure.code === 'refused';
    return before && hidesCause ? failedExchange(before) : result;
  }

  #requestFor(url: URL, extra: Readonly<Record<string, string>>): HttpRequest {
    const { userAgent, authorization, mediaType } = this.#deps;
    return buildRequest({
      url,
      userAgent,
      host: this.#hostFor(url),
      credentials: this.#credentials.get(url.origin) ?? null,
      authorization: authorization?.url.href === url.href ? authorization.field : null,
      cookie: this.cookieFor(url),
      mediaType,
      extra,
    });
  }

  /** A host's settings hold for the origin of it that is met first, and for an upgrade of that one to https. */
  #hostFor(url: URL): HostSettings | null {
    const settings = this.#deps.agents.hostSettingsFor(`${url.hostname}:${portOf(url)}`);
    if (!settings) return null;
    const first = this.#hostOrigins.get(url.hostname) ?? url.origin;
    this.#hostOrigins.set(url.hostname, first);
    return first === url.origin || (url.protocol === 'https:' && first.startsWith('http:')) ? settings : null;
  }
}

function excluded(url: URL): ExchangeResult {
  return failedExchange(failure('excluded', `The settings exclude the host ${url.hostname}.`));
}
