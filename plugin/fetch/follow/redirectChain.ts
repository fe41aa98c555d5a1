import type { HeaderMap } from '../../model/attempt.ts';
import { failedExchange } from '../exchange/exchangeFailure.ts';
import type { ExchangeResult, HttpResponse } from '../exchange/Response.ts';
import { mediaTypeOf } from '../http/headers.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { botWallByHead } from '../outcome/botWall.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Outcome, outcomeOf } from '../outcome/outcome.ts';
import { isPermanent, isRedirect, nextHop } from './redirects.ts';
import type { UrlCredentials } from './requestHeaders.ts';
import { type FormContent, RequestSender, type RequestSenderDeps } from './requestSender.ts';

/** What a chain sends its requests with. */
export interface RedirectChainDeps extends RequestSenderDeps {
  /** false: a 202 is taken as it is, as `check` does. */
  readonly waitsFor202: boolean;
}

/** The response that a chain of redirects ends with; its body is still to be read or dropped. */
export interface FinalHop {
  readonly kind: 'response';
  readonly response: HttpResponse;
  /** Conditions were sent with this very request. */
  readonly conditional: boolean;
}

/** `outcome`: the chain broke before there was a final response. */
export type ChainResult = FinalHop | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Headers to send besides the usual ones, and to which of the URLs on the way. */
export interface ConditionalHeaders {
  readonly headers: Readonly<Record<string, string>>;
  appliesTo(url: URL): boolean;
}

/** Asks for the whole file, past caches that answered in the server's place before. */
export function unconditional(): ConditionalHeaders {
  return { headers: { 'cache-control': 'no-cache' }, appliesTo: () => true };
}

/** Redirects after which the same request is sent again (RFC 9110 sections 15.4.8 and 15.4.9). */
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);
const SENT_ONCE = 'The answer to a form is not asked for a second time.';
const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 15_000;
/** Then the queue tries later. */
const LONGEST_POLLING_MS = 120_000;

/** One URL and where it leads: follows redirects and waits where the server says 202, until there is a final response. */
export class RedirectChain {
  readonly #deps: RedirectChainDeps;
  readonly #sender: RequestSender;
  readonly #visited = new Set<string>();
  #url: URL;
  #form: FormContent | null = null;
  /** The form that led here was sent: asking again would send it twice, or ask for something else. */
  #formSent = false;
  #polls = 0;
  #pollUntil: number | null = null;
  /** What a 202 comes to when no time is left for what follows it. */
  #preparing: Outcome | null = null;

  constructor(deps: RedirectChainDeps, url: URL, credentials: UrlCredentials | null) {
    this.#deps = deps;
    this.#url = url;
    this.#sender = new RequestSender(deps);
    if (credentials) this.#sender.addCredentials(url, credentials);
    this.#visited.add(this.#visitKey(url));
    deps.scope.trace.finalUrl = url.href;
  }

  /** Where the chain has come to. */
  get url(): URL {
    return this.#url;
  }

  /** From here on the lenient parser reads the responses of this URL's origin. */
  markMalformed(): void {
    this.#sender.markMalformed(this.#url);
  }

  /**
   * Goes on to another URL, with the cookies and credentials of its origin. `form` is sent there, once: a redirect is
   * followed without it, and one that asks to send it again (307, 308) is not followed.
   */
  leaveFor(url: URL, form: FormContent | null = null): void {
    const { trace } = this.#deps.scope;
    this.#form = form;
    this.#formSent = false;
    this.#visited.clear();
    this.#visit(url);
    trace.permanent = false;
  }

  /** Asks where the chain has come to; a second call asks there again. */
  async next(extra: ConditionalHeaders | null): Promise<ChainResult> {
    for (;;) {
      const conditional = extra?.appliesTo(this.#url) ?? false;
      const result = await this.send(conditional && extra ? extra.headers : {});
      if (result.kind === 'failure') return brokenBy(this.#unfinished() ?? outcomeOf(result.failure));
      const { response } = result;
      this.#preparing = null;
      this.#sender.storeCookies(this.#url, response.headers);
      if (isRedirect(response.status)) {
        const wrong = this.#follow(response);
        if (wrong) return brokenBy(outcomeOf(wrong, { status: response.status }));
        continue;
      }
      const wall = botWallByHead(response.headers);
      if (wall) return brokenBy(this.#walledOff(response, wall));
      if (response.status !== 202 || !this.#deps.waitsFor202 || !saysWhenReady(response.headers)) {
        return { kind: 'response', response, conditional };
      }
      const unprepared = await this.#poll(response);
      if (unprepared) return brokenBy(unprepared);
    }
  }

  /** One request to the URL that the chain has come to. */
  send(extra: Readonly<Record<string, string>>): Promise<ExchangeResult> {
    const form = this.#form;
    if (this.#formSent) return Promise.resolve(failedExchange(failure('truncated', SENT_ONCE, false)));
    if (!form) return this.#sender.send(this.#url, extra);
    this.#form = null;
    this.#formSent = true;
    return this.#sender.submit(this.#url, form);
  }

  /** The failure: why the redirect leads nowhere. */
  #follow(response: HttpResponse): Failure | null {
    const { trace, settings } = this.#deps.scope;
    this.#drop(response);
    const hop = nextHop(response.status, response.headers, this.#url);
    if (hop.kind === 'bad') return hop.failure;
    if (this.#formSent && KEEPS_METHOD.has(response.status)) {
      return failure('bad-redirect', `The server asks to send a form a second time (${response.status}).`);
    }
    this.#formSent = false;
    if (trace.redirects.length >= settings.maxRedirects) {
      return failure('redirect-loop', `The server redirects more than ${settings.maxRedirects} times.`);
    }
    trace.redirects.push({ status: response.status, from: this.#url.href, to: hop.url.href });
    trace.permanent &&= isPermanent(response.status);
    if (hop.credentials) this.#sender.addCredentials(hop.url, hop.credentials);
    return this.#visit(hop.url);
  }

  #visit(url: URL): Failure | null {
    const key = this.#visitKey(url);
    if (this.#visited.has(key)) {
      return failure('redirect-loop', `The redirects go round in a circle: back to ${url.href}`);
    }
    this.#visited.add(key);
    this.#url = url;
    this.#deps.scope.trace.finalUrl = url.href;
    return null;
  }

  /** A URL asked for again with other cookies may lead elsewhere. */
  #visitKey(url: URL): string {
    return `${url.href} ${this.#sender.cookieFor(url) ?? ''}`;
  }

  /** What a wall of a 429 or 503 asks for is asked of its whole host. */
  #walledOff(response: HttpResponse, wall: Failure): Outcome {
    const { status, headers } = response;
    this.#drop(response);
    const askedMs =
      status === 202 ? null : retryAfterMs(headers, Date.now(), this.#deps.scope.settings.retryAfterMaxMs);
    return outcomeOf(wall, { status, retryAfterMs: askedMs });
  }

  /** Waits until a 202 is worth another request (RFC 9110 section 15.3.3); the outcome when no time is left for one. */
  async #poll(response: HttpResponse): Promise<Outcome | null> {
    const { deadlines, settings, signal } = this.#deps.scope;
    this.#drop(response);
    const askedMs = retryAfterMs(response.headers, Date.now(), settings.retryAfterMaxMs);
    const wishedMs = askedMs ?? Math.min(FIRST_POLL_MS * 2 ** this.#polls, LONGEST_POLL_MS);
    this.#polls += 1;
    // Also a server that says 0 each time gets pauses between requests.
    const waitMs = Math.max(wishedMs, Math.min(20 * this.#polls, 1000));
    this.#preparing = stillPreparing(this.#polls, askedMs);
    this.#pollUntil ??= performance.now() + LONGEST_POLLING_MS;
    if (waitMs >= Math.min(deadlines.remainingMs, this.#pollUntil - performance.now())) return this.#preparing;
    await deadlines.wait(waitMs, signal);
    return null;
  }

  #drop(response: HttpResponse): void {
    response.drop();
    this.#deps.scope.trace.wireBytes += response.wireBytes;
  }

  /** The total deadline ended a request that asked for what was being prepared. */
  #unfinished(): Outcome | null {
    return this.#preparing && this.#deps.scope.deadlines.overdue ? this.#preparing : null;
  }
}

/** What a 202 comes to that is asked no further in this attempt. */
export function stillPreparing(polls: number, askedMs: number | null): Outcome {
  const reason = `The server is still preparing the file: 202 Accepted, asked ${polls === 1 ? 'once' : `${polls} times`}.`;
  return outcomeOf(failure('http-error', reason, true), { status: 202, retryAfterMs: askedMs });
}

/** RFC 9110 section 15.3.3: a 202 tells of the state or says when to come again; an empty one, or a page, says nothing. */
function saysWhenReady(headers: HeaderMap): boolean {
  const type = mediaTypeOf(headers) ?? '';
  return (
    type.endsWith('/json') ||
    type.endsWith('+json') ||
    retryAfterMs(headers, Date.now(), Number.MAX_SAFE_INTEGER) !== null
  );
}

function brokenBy(outcome: Outcome): ChainResult {
  return { kind: 'outcome', outcome };
}
