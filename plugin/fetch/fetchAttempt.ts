import type { FetchRequest, HeaderMap, Known } from '../model/attempt.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { StageOpener } from './body/bodySink.ts';
import { type Received, receive } from './body/bodyTransfer.ts';
import { conditionsOf, confirms, sameByHeaders } from './cache/conditions.ts';
import type { DistrustedHosts } from './cache/distrustedHosts.ts';
import { isOfCopy } from './cache/freshness.ts';
import { finalResponse, holdsCopyOf, isKnown, notModified, sameLength, withoutFragment } from './cache/knownCopy.ts';
import type { HasherSource } from './digest/bodyHasher.ts';
import type { Deadlines } from './exchange/deadlines.ts';
import type { HttpResponse } from './exchange/Response.ts';
import {
  type ChainResult,
  type ConditionalHeaders,
  type GuardedConnections,
  RedirectChain,
  unconditional,
} from './follow/redirectChain.ts';
import type { UrlCredentials } from './follow/requestHeaders.ts';
import { contentRange } from './http/contentRange.ts';
import { retryAfterMs } from './http/retryAfter.ts';
import { failure } from './outcome/failure.ts';
import type { Outcome } from './outcome/outcome.ts';
import { declaredBody, NO_BODY, outcomeOf } from './outcome/outcome.ts';
import { statusFailure, statusLineText } from './outcome/statusFailure.ts';
import type { Trace } from './outcome/trace.ts';
import { serviceRequest } from './service/serviceRequest.ts';

export type AttemptSettings = Pick<
  Config,
  'excludeHosts' | 'maxBytes' | 'maxDecodedRatio' | 'maxRedirects' | 'retryAfterMaxMs' | 'verifyShare'
>;

export interface FetchAttemptDeps {
  readonly settings: AttemptSettings;
  readonly agents: GuardedConnections;
  readonly userAgent: string;
  readonly request: FetchRequest;
  readonly stages: StageOpener | null;
  readonly hashThread: HasherSource;
  readonly distrustedHosts: DistrustedHosts;
  readonly trace: Trace;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
  random(): number;
}

type Expects = 'anything' | 'capabilities';

/** The ending of one URL, and whether a service may have more to say under another of its URLs. */
interface ServiceAttempt {
  readonly outcome: Outcome;
  readonly tryNextUrl: boolean;
}

/** Codes that say "not here", after which a service is asked in another way. */
const TRY_NEXT_URL: ReadonlySet<string> = new Set(['gone', 'http-error', 'not-data', 'empty', 'service-error']);
const JSON_SERVICES: ReadonlySet<string> = new Set(['ArcGIS', 'OGC API']);

/** One attempt at one request, once its URL is known to be one. */
export class FetchAttempt {
  readonly #deps: FetchAttemptDeps;
  /** The copy we hold, when nothing speaks against sparing its transfer. */
  readonly #revalidates: Known | null;

  constructor(context: FetchAttemptDeps) {
    const { known, url, mode } = context.request;
    this.#deps = context;
    const ofCopy = known !== null && holdsCopyOf(known, url) && isOfCopy(known.status);
    this.#revalidates = ofCopy && known.trusted !== false && mode !== 'check' ? known : null;
  }

  async run(url: URL, credentials: UrlCredentials | null): Promise<Outcome> {
    const { request } = this.#deps;
    const service = serviceRequest(url, request.declaredFormat);
    if (!service) return (await this.#attempt(url, credentials, 'anything')).outcome;
    const expects = JSON_SERVICES.has(service.service) ? 'anything' : 'capabilities';
    let report: Outcome | null = null;
    for (const candidate of service.urls) {
      const { outcome, tryNextUrl } = await this.#attempt(candidate, credentials, expects);
      if (!tryNextUrl)
        return outcome.body && outcome.kind === 'fetched' ? withService(outcome, service.service) : outcome;
      if (outcome.code === 'service-error') report ??= outcome;
    }
    const plain = service.urls.some((candidate) => candidate.href === url.href)
      ? null
      : (await this.#attempt(url, credentials, 'anything')).outcome;
    const useless = plain === null || plain.kind === 'failed' || plain.kind === 'refused';
    return useless && report
      ? report
      : (plain ?? outcomeOf(failure('service-error', 'The service did not describe itself.')));
  }

  async #attempt(url: URL, credentials: UrlCredentials | null, expects: Expects): Promise<ServiceAttempt> {
    const { settings, agents, userAgent, request, trace, deadlines, signal } = this.#deps;
    trace.redirects.length = 0;
    trace.permanent = true;
    const chain = new RedirectChain(
      { settings, agents, userAgent, trace, deadlines, signal, waitsFor202: request.mode !== 'check' },
      url,
      credentials,
    );
    const found = await chain.next(this.#conditions(url));
    const outcome = found.kind === 'outcome' ? found.outcome : await this.#settle(chain, found, expects);
    // A server that breaks at a version it does not know (500) may well answer to another.
    const lasting = outcome.transient !== true || outcome.status === 500;
    const tryNextUrl = outcome.kind !== 'fetched' && TRY_NEXT_URL.has(outcome.code) && lasting;
    return { outcome, tryNextUrl: tryNextUrl };
  }

  /** RFC 9110 section 13: tied to the URL that gave the validators; where that is unknown, to its origin. */
  #conditions(start: URL): ConditionalHeaders | null {
    const known = this.#revalidates;
    if (!known) return null;
    const headers = conditionsOf(known);
    if (Object.keys(headers).length === 0) return null;
    const appliesTo = (url: URL) =>
      known.finalUrl ? url.href === withoutFragment(known.finalUrl) : url.origin === start.origin;
    return { headers, appliesTo };
  }

  async #settle(chain: RedirectChain, found: ChainResult & { kind: 'response' }, expects: Expects): Promise<Outcome> {
    const { response, conditional } = found;
    if (response.status !== 304) return this.#settleResponse(chain, response, expects);
    response.drop();
    const known = this.#revalidates;
    if (known && conditional && confirms(known, response.headers))
      return this.#confirm(chain, known, response, expects);
    this.#deps.trace.evidence.push(
      'the server answered 304 where that says nothing, so it was asked again without conditions',
    );
    const again = await chain.next(unconditional());
    if (again.kind === 'outcome') return again.outcome;
    return this.#settleResponse(chain, again.response, expects);
  }

  /** A 304; now and then not taken at its word. */
  async #confirm(chain: RedirectChain, known: Known, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const unchanged = notModified(known, response);
    if (!this.#shouldVerify(known, chain.url)) return unchanged;
    const again = await chain.next(unconditional());
    if (again.kind === 'outcome') return this.#verificationFailed(unchanged);
    if (again.response.status !== 200) {
      again.response.drop();
      return this.#verificationFailed(unchanged);
    }
    return this.#compare(chain, unchanged, await this.#receive(chain, again.response, expects));
  }

  async #settleResponse(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const { status, headers } = response;
    const { request } = this.#deps;
    if (status === 204 || status === 205)
      return drop(
        response,
        outcomeOf(failure('empty', `The server answered ${statusLineText(status, response.statusText)}.`)),
      );
    if (status < 200 || status > 299 || (status === 206 && !isWhole(headers)))
      return drop(response, this.#failedStatus(response));
    if (request.mode === 'check') return drop(response, checkedOnly(response));
    const known = this.#revalidates;
    if (known && sameByHeaders(known, headers)) {
      const unchanged = sameLength(known, response);
      if (!this.#shouldVerify(known, chain.url)) return drop(response, unchanged);
      return this.#compare(chain, unchanged, await this.#receive(chain, response, expects));
    }
    return this.#receive(chain, response, expects);
  }

  #failedStatus(response: HttpResponse): Outcome {
    const { status, statusText, headers } = response;
    const asked = retryAfterMs(headers, Date.now(), this.#deps.settings.retryAfterMaxMs);
    const reason =
      status === 206
        ? failure(
            'http-error',
            `The server answered ${statusLineText(status, statusText)}, a part that nobody asked for.`,
            false,
          )
        : statusFailure(status, statusText);
    return outcomeOf(reason, { status, retryAfterMs: asked });
  }

  async #receive(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const received = await this.#read(chain, response, expects);
    if (received.kind !== 'malformed') return this.#received(received);
    chain.markMalformed();
    const again = await chain.next(unconditional());
    if (again.kind === 'outcome') return again.outcome;
    if (again.response.status !== 200) return drop(again.response, outcomeOf(received.failure));
    const second = await this.#read(chain, again.response, expects);
    return second.kind === 'malformed' ? outcomeOf(second.failure) : this.#received(second);
  }

  #read(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<Received> {
    const { settings, request, trace, deadlines, signal, stages, hashThread } = this.#deps;
    return receive(response, {
      settings,
      request,
      trace,
      deadlines,
      signal,
      stages,
      hashThread,
      expects,
      finalUrl: chain.url.href,
      send: (extra) => chain.send(extra),
      isKnown: (bytes, hashes) => isKnown(request.known, bytes, hashes),
    });
  }

  #received(received: Exclude<Received, { kind: 'malformed' }>): Outcome {
    if (received.kind === 'outcome') return received.outcome;
    const { response, body, stage, evidence } = received;
    this.#deps.trace.evidence.push(...evidence);
    if (isKnown(this.#deps.request.known, body.bytes ?? -1, body)) {
      const reason = 'The file was read again and has the same hash as the copy.';
      return { kind: 'unchanged', code: 'same-hash', reason, response, body };
    }
    const reason = `The file was archived: ${body.bytes} bytes${body.format === null ? '' : `, ${body.format}`}.`;
    return { kind: 'fetched', code: 'archived', reason, response, body, stage };
  }

  /** What was said to be unchanged has been read in full. */
  #compare(chain: RedirectChain, unchanged: Outcome, read: Outcome): Outcome {
    const { trace, distrustedHosts } = this.#deps;
    if (read.kind === 'fetched') {
      trace.falselyUnchanged = true;
      distrustedHosts.add(chain.url);
      trace.evidence.push('the server said that nothing had changed, and sent other bytes when asked in full');
      return read;
    }
    if (read.code !== 'same-hash') return this.#verificationFailed(unchanged);
    trace.evidence.push('read in full to make sure: the same hash');
    return { ...unchanged, body: read.body ?? NO_BODY };
  }

  /** Now and then an answer is checked in full, and always a liar's; that needs something to compare with. */
  #shouldVerify(known: Known, url: URL): boolean {
    const { random, settings, distrustedHosts } = this.#deps;
    if (known.sha256 === null && known.md5 === null) return false;
    return distrustedHosts.has(url) || random() < settings.verifyShare;
  }

  #verificationFailed(unchanged: Outcome): Outcome {
    this.#deps.trace.evidence.push('it was to be read in full to make sure, which failed');
    return unchanged;
  }
}

/** What `check` ends with where the link works. */
function checkedOnly(response: HttpResponse): Outcome {
  const reason = `The link works: ${statusLineText(response.status, response.statusText)}. Only the head of the answer was read.`;
  return {
    kind: 'refused',
    code: 'checked-only',
    reason,
    response: finalResponse(response),
    body: declaredBody(response.headers),
  };
}

/** Names the service that was asked, where the answer itself named none. */
function withService(outcome: Outcome, service: string): Outcome {
  const body = outcome.body ?? NO_BODY;
  return { ...outcome, body: { ...body, service: body.service ?? service } };
}

/** A 206 nobody asked for that happens to hold everything. */
function isWhole(headers: HeaderMap): boolean {
  const range = contentRange(headers);
  return range !== null && range.start === 0 && range.total !== null && range.end === range.total - 1;
}

/** Gives an answer's body up; the ending takes its status. */
function drop(response: HttpResponse, outcome: Outcome): Outcome {
  response.drop();
  return outcome.status === undefined ? { ...outcome, status: response.status } : outcome;
}
