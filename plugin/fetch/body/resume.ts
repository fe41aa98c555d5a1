import type { HeaderMap } from '../../model/attempt.ts';
import { isStrong, resumeValidator } from '../cache/conditions.ts';
import type { AttemptScope } from '../exchange/AttemptScope.ts';
import type { ExchangeResult, HttpResponse } from '../exchange/Response.ts';
import { contentRange } from '../http/contentRange.ts';
import { codingOf, declaredLength, field, firstField, mediaTypeOf } from '../http/headers.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { statusFailure } from '../outcome/statusFailure.ts';

const MAX_RESUMPTIONS = 5;
const LEAST_BYTES = 1024 * 1024;
const FIRST_WAIT_MS = 100;

/** How the rest of a broken body is had, or not. */
export type Rest =
  | { readonly kind: 'rest'; readonly response: HttpResponse }
  /** The server sends the whole file again. */
  | { readonly kind: 'start-over'; readonly response: HttpResponse }
  /** Nothing is missing: the break came after the last byte. */
  | { readonly kind: 'complete' }
  /** null: for no other reason than the break itself. `retryAfterMs`: what the server asked to wait. */
  | { readonly kind: 'given-up'; readonly failure: Failure | null; readonly retryAfterMs: number | null };

interface ResumeDeps {
  readonly scope: AttemptScope;
  send(extra: Readonly<Record<string, string>>): Promise<ExchangeResult>;
}

/** Asks for the whole file, past the caches that may have made a useless part. */
const WHOLE: Readonly<Record<string, string>> = { 'cache-control': 'no-cache' };

/** What has come of the representation: how many bytes, and the headers of the answer that began it. */
interface Begun {
  readonly headers: HeaderMap;
  readonly have: number;
}

/**
 * Continues broken transfers of one attempt: `Range` tied by `If-Range` to what was begun, at most five times. Where what the
 * server sends then is no rest that fits, the whole file is asked for, once.
 */
export class Resumption {
  readonly #deps: ResumeDeps;
  #tries = 0;
  #waitMs = 0;
  /** Why the whole file is asked for now; null while the rest may still be had. */
  #useless: string | null = null;
  #startedOver = false;

  constructor(deps: ResumeDeps) {
    this.#deps = deps;
  }

  /** `have`: bytes of the representation that have come; `headers`: of the answer that began it. */
  async continue(headers: HeaderMap, have: number): Promise<Rest> {
    const validator = resumeValidator(headers);
    const acceptsRanges = !/\bnone\b/i.test(field(headers, 'accept-ranges') ?? '');
    if (have < LEAST_BYTES || validator === null || !acceptsRanges) return givenUp();
    while (this.#tries < MAX_RESUMPTIONS) {
      const rest = await this.#try({ headers, have }, validator);
      if (rest) return rest;
    }
    return this.#givenUp();
  }

  async #try(begun: Begun, validator: string): Promise<Rest | null> {
    const { scope, send } = this.#deps;
    const { deadlines, signal } = scope;
    if (this.#waitMs > 0) await deadlines.wait(this.#waitMs, signal);
    this.#tries += 1;
    this.#waitMs = FIRST_WAIT_MS * 2 ** this.#tries;
    const overdue = deadlines.overdue;
    if (overdue || signal.aborted) return givenUp(overdue);
    const range = { range: `bytes=${begun.have}-`, 'if-range': validator };
    const result = await send(this.#useless === null ? range : WHOLE);
    if (result.kind === 'failure') return this.#afterFailure(result.failure);
    return this.#useless === null ? this.#afterRange(begun, result.response) : this.#afterWhole(result.response);
  }

  #afterRange(begun: Begun, response: HttpResponse): Rest | null {
    const { status, headers } = response;
    if (status === 200) return { kind: 'start-over', response };
    const useless = uselessFor(begun, response);
    if (useless !== null) return this.#startOver(response, useless);
    if (status === 206) {
      this.#deps.scope.trace.resumed += 1;
      this.#waitMs = 0;
      return { kind: 'rest', response };
    }
    response.drop();
    return status === 416 ? { kind: 'complete' } : this.#afterStatus(status, response.statusText, headers);
  }

  /** What is no rest of this file is dropped unread; the second time it ends the attempt. */
  #startOver(response: HttpResponse, useless: string): Rest | null {
    response.drop();
    if (this.#startedOver) return notContinued(useless);
    this.#startedOver = true;
    this.#useless = useless;
    this.#waitMs = 0;
    this.#tries = Math.min(this.#tries, MAX_RESUMPTIONS - 1);
    this.#deps.scope.trace.evidence.push(`the transfer broke and the whole file was asked for again: ${useless}`);
    return null;
  }

  #afterWhole(response: HttpResponse): Rest | null {
    const { status, statusText, headers } = response;
    if (status === 200) {
      this.#useless = null;
      return { kind: 'start-over', response };
    }
    response.drop();
    return this.#afterStatus(status, statusText, headers);
  }

  /** A server that is busy is asked again when it says, unless that is too late for this attempt. */
  #afterStatus(status: number, statusText: string, headers: HeaderMap): Rest | null {
    if (!statusFailure({ status, statusText, headers }).transient) return this.#givenUp();
    const { deadlines, settings } = this.#deps.scope;
    const asked = retryAfterMs(headers, Date.now(), settings.retryAfterMaxMs);
    if (asked !== null && asked >= deadlines.remainingMs) return this.#givenUp(asked);
    this.#waitMs = Math.max(this.#waitMs, asked ?? 0);
    return null;
  }

  /** A connection that cannot be had now may be had in a moment; a refusal of ours stands. */
  #afterFailure(reason: Failure): Rest | null {
    return reason.code === 'reset' || reason.code === 'refused' ? null : givenUp(reason);
  }

  #givenUp(askedMs: number | null = null): Rest {
    return this.#useless === null ? givenUp(null, askedMs) : notContinued(this.#useless, askedMs);
  }
}

function givenUp(reason: Failure | null = null, askedMs: number | null = null): Rest {
  return { kind: 'given-up', failure: reason, retryAfterMs: askedMs };
}

function notContinued(useless: string, askedMs: number | null = null): Rest {
  return givenUp(failure('truncated', `The transfer broke and cannot be continued: ${useless}`), askedMs);
}

/** Why an answer to a range is of no use for what was begun; null: it is, or it says nothing of the file. */
function uselessFor(begun: Begun, response: HttpResponse): string | null {
  if (response.status === 206) return wrongRange(begun, response);
  if (response.status === 412) return 'the server does not take the condition.';
  return response.status === 416 ? unsatisfied(begun, response.headers) : null;
}

/** Why a 206 does not continue what was begun (RFC 9110 section 15.3.7.3); null when it does. */
function wrongRange({ headers: begun, have }: Begun, { headers }: HttpResponse): string | null {
  if (mediaTypeOf(headers) === 'multipart/byteranges') return 'the server sent several ranges.';
  const range = contentRange(headers);
  if (!range) return 'the server does not say which range it sent.';
  if (range.start !== have) return `the server sent bytes from ${range.start} on, asked for was ${have}.`;
  const total = declaredLength(begun);
  if (total !== null && range.total !== null && range.total !== total)
    return `the file now has ${range.total} bytes, it had ${total}.`;
  const length = declaredLength(headers);
  if (length !== null && length !== range.end - range.start + 1) return 'the length of the range contradicts itself.';
  // It may leave out what the first answer said (section 15.3.7), not say otherwise.
  if (Object.hasOwn(headers, 'content-encoding') && codingOf(headers) !== codingOf(begun))
    return 'the rest is encoded otherwise.';
  return differs(begun, headers) ? 'the file has changed meanwhile.' : null;
}

/** The entity-tag decides; the date where there is no entity-tag to compare. */
function differs(begun: HeaderMap, headers: HeaderMap): boolean {
  for (const name of ['etag', 'last-modified']) {
    const [before, now] = [firstField(begun, name), firstField(headers, name)];
    if (before !== null && now !== null) return before !== now;
  }
  return false;
}

/** A 416 is good news when we asked for what lies behind the last byte; null then. */
function unsatisfied({ headers: begun, have }: Begun, headers: HeaderMap): string | null {
  const total = /^bytes\s+\*\/(\d{1,15})$/i.exec(field(headers, 'content-range')?.trim() ?? '')?.[1];
  const now = firstField(headers, 'etag');
  const changed = isStrong(now) && now !== firstField(begun, 'etag');
  if (total !== undefined && Number(total) === have && (declaredLength(begun) ?? have) === have && !changed)
    return null;
  return 'the file no longer has the rest.';
}
