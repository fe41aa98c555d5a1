import { failedExchange } from '../exchange/exchangeFailure.ts';
import type { ExchangeResult, HttpResponse } from '../exchange/Response.ts';
import { escapedUrl } from '../http/escapedUrl.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { botWallByHead } from '../outcome/botWall.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Outcome, outcomeOf } from '../outcome/outcome.ts';
import { Polling, saysWhenReady } from './polling.ts';
import { isPermanent, isRedirect, nextHop } from './redirects.ts';
import type { UrlCredentials } from './requestHeaders.ts';
import { type FormContent, RequestSender, type RequestSenderDeps } from './requestSender.ts';

/** What a chain sends its requests with. */
export interface RedirectChainDeps extends RequestSenderDeps {
  /** false: a 202 is taken as it is, as `check` does. */
  readonly waitsFor202: boolean;
  /** The URL that brought the copy: of two spellings of a URL it is asked for first. */
  readonly remembered: string | null;
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

/** One URL and where it leads: follows redirects and waits where the server says 202, until there is a final response. */
export class RedirectChain {
  readonly #deps: RedirectChainDeps;
  readonly #sender: RequestSender;
  readonly #visited = new Set<string>();
  #url: URL;
  #form: FormContent | null = null;
  /** The form that led here was sent: asking again would send it twice, or ask for something else. */
  #formSent = false;
  /** The same URL with its characters escaped, or left as they came. */
  #otherSpelling: URL | null = null;
  readonly #polling: Polling;

  constructor(deps: RedirectChainDeps, url: URL, credentials: UrlCredentials | null) {
    this.#deps = deps;
    this.#url = this.#preferred(url);
    this.#sender = new RequestSender(deps);
    this.#polling = new Polling(deps.scope);
    if (credentials) this.#sender.addCredentials(url, credentials);
    this.#visited.add(this.#visitKey(this.#url));
    deps.scope.trace.finalUrl = this.#url.href;
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
      if (result.kind === 'failure') return brokenBy(this.#polling.unfinished ?? outcomeOf(result.failure));
      const { response } = result;
      this.#polling.end();
      this.#sender.storeCookies(this.#url, response.headers);
      const step = this.#stepAfter(response);
      if (step === 'final') return { kind: 'response', response, conditional };
      const end = step === 'poll' ? await this.#polling.wait(response.headers) : step;
      if (end !== null && end !== 'go-on') return brokenBy(end);
    }
  }

  /** `final`: its body is still to be read; `poll`: the file is still being prepared; an outcome: nothing is asked any more. */
  #stepAfter(response: HttpResponse): 'go-on' | 'poll' | 'final' | Outcome {
    const { status, headers } = response;
    if (isRedirect(status)) {
      const wrong = this.#follow(response);
      return wrong ? outcomeOf(wrong, { status }) : 'go-on';
    }
    if (status === 400 && this.#respell(response)) return 'go-on';
    const wall = botWallByHead(headers);
    if (wall) return this.#walledOff(response, wall);
    if (status !== 202 || !this.#deps.waitsFor202 || !saysWhenReady(headers)) return 'final';
    this.#drop(response);
    return 'poll';
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

  /** Where characters in the URL may be what a 400 complains of, it is asked for once more in its other spelling. */
  #respell(response: HttpResponse): boolean {
    const other = this.#otherSpelling;
    if (!other || this.#formSent) return false;
    const { trace } = this.#deps.scope;
    this.#drop(response);
    trace.evidence.push('the server answered 400, so it was asked again with other escapes in the URL');
    trace.finalUrl = other.href;
    this.#url = other;
    this.#otherSpelling = null;
    return true;
  }

  #preferred(url: URL): URL {
    const escaped = escapedUrl(url);
    const isRemembered = escaped !== null && escaped.href === this.#deps.remembered;
    this.#otherSpelling = isRemembered ? url : escaped;
    return isRemembered ? escaped : url;
  }

  #visit(next: URL): Failure | null {
    const url = this.#preferred(next);
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

  #drop(response: HttpResponse): void {
    response.drop();
    this.#deps.scope.trace.wireBytes += response.wireBytes;
  }
}

function brokenBy(outcome: Outcome): ChainResult {
  return { kind: 'outcome', outcome };
}
