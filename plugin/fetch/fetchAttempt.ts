import type { FetchRequest, HeaderMap, Known } from '../model/attempt.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { StageOpener } from './body/bodySink.ts';
import { type Received, receive } from './body/bodyTransfer.ts';
import { conditionsOf, confirms, sameByHead } from './cache/conditions.ts';
import type { Liars } from './cache/distrustedHosts.ts';
import { isOfCopy } from './cache/freshness.ts';
import { finalAnswer, holdsCopyOf, isKnown, notModified, sameLength, withoutFragment } from './cache/knownCopy.ts';
import type { HasherSource } from './digest/bodyHasher.ts';
import type { Deadlines } from './exchange/deadlines.ts';
import type { Answer } from './exchange/Response.ts';
import { type Connections, type Extra, type Found, Trail, unconditional } from './follow/redirectChain.ts';
import type { UrlCredentials } from './follow/requestHeaders.ts';
import { contentRange } from './http/contentRange.ts';
import { retryAfterMs } from './http/retryAfter.ts';
import { failure } from './outcome/failure.ts';
import type { Ending } from './outcome/outcome.ts';
import { declaredBody, endingOf, NO_BODY } from './outcome/outcome.ts';
import { named, statusFailure } from './outcome/statusFailure.ts';
import type { Trace } from './outcome/trace.ts';
import { serviceRequest } from './service/serviceRequest.ts';

export type AttemptSettings = Pick<
  Config,
  'excludeHosts' | 'maxBytes' | 'maxDecodedRatio' | 'maxRedirects' | 'retryAfterMaxMs' | 'verifyShare'
>;

export interface AttemptContext {
  readonly settings: AttemptSettings;
  readonly agents: Connections;
  readonly userAgent: string;
  readonly request: FetchRequest;
  readonly stages: StageOpener | null;
  readonly hashThread: HasherSource;
  readonly liars: Liars;
  readonly trace: Trace;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
  random(): number;
}

type Expects = 'anything' | 'capabilities';

/** The ending of one URL, and whether a service may have more to say under another of its URLs. */
interface Result {
  readonly ending: Ending;
  readonly elsewhere: boolean;
}

/** Codes that say "not here", after which a service is asked in another way. */
const ELSEWHERE: ReadonlySet<string> = new Set(['gone', 'http-error', 'not-data', 'empty', 'service-error']);
const JSON_SERVICES: ReadonlySet<string> = new Set(['ArcGIS', 'OGC API']);

/** One attempt at one request, once its URL is known to be one. */
export class Attempting {
  readonly #context: AttemptContext;
  /** The copy we hold, when nothing speaks against sparing its transfer. */
  readonly #spare: Known | null;

  constructor(context: AttemptContext) {
    const { known, url, mode } = context.request;
    this.#context = context;
    const ofCopy = known !== null && holdsCopyOf(known, url) && isOfCopy(known.status);
    this.#spare = ofCopy && known.trusted !== false && mode !== 'check' ? known : null;
  }

  async run(url: URL, credentials: UrlCredentials | null): Promise<Ending> {
    const { request } = this.#context;
    const service = serviceRequest(url, request.declaredFormat);
    if (!service) return (await this.#attempt(url, credentials, 'anything')).ending;
    const expects = JSON_SERVICES.has(service.service) ? 'anything' : 'capabilities';
    let report: Ending | null = null;
    for (const candidate of service.urls) {
      const { ending, elsewhere } = await this.#attempt(candidate, credentials, expects);
      if (!elsewhere) return ending.body && ending.kind === 'fetched' ? withService(ending, service.service) : ending;
      if (ending.code === 'service-error') report ??= ending;
    }
    const plain = service.urls.some((candidate) => candidate.href === url.href)
      ? null
      : (await this.#attempt(url, credentials, 'anything')).ending;
    const useless = plain === null || plain.kind === 'failed' || plain.kind === 'refused';
    return useless && report
      ? report
      : (plain ?? endingOf(failure('service-error', 'The service did not describe itself.')));
  }

  async #attempt(url: URL, credentials: UrlCredentials | null, expects: Expects): Promise<Result> {
    const { settings, agents, userAgent, request, trace, deadlines, signal } = this.#context;
    trace.redirects.length = 0;
    trace.permanent = true;
    const trail = new Trail(
      { settings, agents, userAgent, trace, deadlines, signal, polls: request.mode !== 'check' },
      url,
      credentials,
    );
    const found = await trail.next(this.#conditions(url));
    const ending = found.kind === 'ending' ? found.ending : await this.#settle(trail, found, expects);
    // A server that breaks at a version it does not know (500) may well answer to another.
    const lasting = ending.transient !== true || ending.status === 500;
    const elsewhere = ending.kind !== 'fetched' && ELSEWHERE.has(ending.code) && lasting;
    return { ending, elsewhere };
  }

  /** RFC 9110 section 13: tied to the URL that gave the validators; where that is unknown, to its origin. */
  #conditions(start: URL): Extra | null {
    const known = this.#spare;
    if (!known) return null;
    const headers = conditionsOf(known);
    if (Object.keys(headers).length === 0) return null;
    const appliesTo = (url: URL) =>
      known.finalUrl ? url.href === withoutFragment(known.finalUrl) : url.origin === start.origin;
    return { headers, appliesTo };
  }

  async #settle(trail: Trail, found: Found & { kind: 'found' }, expects: Expects): Promise<Ending> {
    const { answer, conditional } = found;
    if (answer.status !== 304) return this.#settleAnswer(trail, answer, expects);
    answer.drop();
    const known = this.#spare;
    if (known && conditional && confirms(known, answer.headers)) return this.#confirm(trail, known, answer, expects);
    this.#context.trace.evidence.push(
      'the server answered 304 where that says nothing, so it was asked again without conditions',
    );
    const again = await trail.next(unconditional());
    if (again.kind === 'ending') return again.ending;
    return this.#settleAnswer(trail, again.answer, expects);
  }

  /** A 304; now and then not taken at its word. */
  async #confirm(trail: Trail, known: Known, answer: Answer, expects: Expects): Promise<Ending> {
    const unchanged = notModified(known, answer);
    if (!this.#doubts(known, trail.url)) return unchanged;
    const again = await trail.next(unconditional());
    if (again.kind === 'ending') return this.#unverified(unchanged);
    if (again.answer.status !== 200) {
      again.answer.drop();
      return this.#unverified(unchanged);
    }
    return this.#compare(trail, unchanged, await this.#receive(trail, again.answer, expects));
  }

  async #settleAnswer(trail: Trail, answer: Answer, expects: Expects): Promise<Ending> {
    const { status, headers } = answer;
    const { request } = this.#context;
    if (status === 204 || status === 205)
      return drop(answer, endingOf(failure('empty', `The server answered ${named(status, answer.statusText)}.`)));
    if (status < 200 || status > 299 || (status === 206 && !isWhole(headers)))
      return drop(answer, this.#failedStatus(answer));
    if (request.mode === 'check') return drop(answer, checkedOnly(answer));
    const known = this.#spare;
    if (known && sameByHead(known, headers)) {
      const unchanged = sameLength(known, answer);
      if (!this.#doubts(known, trail.url)) return drop(answer, unchanged);
      return this.#compare(trail, unchanged, await this.#receive(trail, answer, expects));
    }
    return this.#receive(trail, answer, expects);
  }

  #failedStatus(answer: Answer): Ending {
    const { status, statusText, headers } = answer;
    const asked = retryAfterMs(headers, Date.now(), this.#context.settings.retryAfterMaxMs);
    const reason =
      status === 206
        ? failure(
            'http-error',
            `The server answered ${named(status, statusText)}, a part that nobody asked for.`,
            false,
          )
        : statusFailure(status, statusText);
    return endingOf(reason, { status, retryAfterMs: asked });
  }

  async #receive(trail: Trail, answer: Answer, expects: Expects): Promise<Ending> {
    const received = await this.#read(trail, answer, expects);
    if (received.kind !== 'odd') return this.#received(received);
    trail.markOdd();
    const again = await trail.next(unconditional());
    if (again.kind === 'ending') return again.ending;
    if (again.answer.status !== 200) return drop(again.answer, endingOf(received.failure));
    const second = await this.#read(trail, again.answer, expects);
    return second.kind === 'odd' ? endingOf(second.failure) : this.#received(second);
  }

  #read(trail: Trail, answer: Answer, expects: Expects): Promise<Received> {
    const { settings, request, trace, deadlines, signal, stages, hashThread } = this.#context;
    return receive(answer, {
      settings,
      request,
      trace,
      deadlines,
      signal,
      stages,
      hashThread,
      expects,
      finalUrl: trail.url.href,
      ask: (extra) => trail.ask(extra),
      isKnown: (bytes, hashes) => isKnown(request.known, bytes, hashes),
    });
  }

  #received(received: Exclude<Received, { kind: 'odd' }>): Ending {
    if (received.kind === 'ending') return received.ending;
    const { answer, body, stage, evidence } = received;
    this.#context.trace.evidence.push(...evidence);
    if (isKnown(this.#context.request.known, body.bytes ?? -1, body)) {
      const reason = 'The file was read again and has the same hash as the copy.';
      return { kind: 'unchanged', code: 'same-hash', reason, answer, body };
    }
    const reason = `The file was archived: ${body.bytes} bytes${body.format === null ? '' : `, ${body.format}`}.`;
    return { kind: 'fetched', code: 'archived', reason, answer, body, stage };
  }

  /** What was said to be unchanged has been read in full. */
  #compare(trail: Trail, unchanged: Ending, read: Ending): Ending {
    const { trace, liars } = this.#context;
    if (read.kind === 'fetched') {
      trace.liar = true;
      liars.add(trail.url);
      trace.evidence.push('the server said that nothing had changed, and sent other bytes when asked in full');
      return read;
    }
    if (read.code !== 'same-hash') return this.#unverified(unchanged);
    trace.evidence.push('read in full to make sure: the same hash');
    return { ...unchanged, body: read.body ?? NO_BODY };
  }

  /** Now and then an answer is checked in full, and always a liar's; that needs something to compare with. */
  #doubts(known: Known, url: URL): boolean {
    const { random, settings, liars } = this.#context;
    if (known.sha256 === null && known.md5 === null) return false;
    return liars.has(url) || random() < settings.verifyShare;
  }

  #unverified(unchanged: Ending): Ending {
    this.#context.trace.evidence.push('it was to be read in full to make sure, which failed');
    return unchanged;
  }
}

/** What `check` ends with where the link works. */
function checkedOnly(answer: Answer): Ending {
  const reason = `The link works: ${named(answer.status, answer.statusText)}. Only the head of the answer was read.`;
  return {
    kind: 'refused',
    code: 'checked-only',
    reason,
    answer: finalAnswer(answer),
    body: declaredBody(answer.headers),
  };
}

/** Names the service that was asked, where the answer itself named none. */
function withService(ending: Ending, service: string): Ending {
  const body = ending.body ?? NO_BODY;
  return { ...ending, body: { ...body, service: body.service ?? service } };
}

/** A 206 nobody asked for that happens to hold everything. */
function isWhole(headers: HeaderMap): boolean {
  const range = contentRange(headers);
  return range !== null && range.start === 0 && range.total !== null && range.end === range.total - 1;
}

/** Gives an answer's body up; the ending takes its status. */
function drop(answer: Answer, ending: Ending): Ending {
  answer.drop();
  return ending.status === undefined ? { ...ending, status: answer.status } : ending;
}
