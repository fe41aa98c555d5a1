import type { HeaderMap } from '../../model/attempt.ts';
import type { AttemptScope } from '../exchange/AttemptScope.ts';
import { mediaTypeOf } from '../http/headers.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { failure } from '../outcome/failure.ts';
import { type Outcome, outcomeOf } from '../outcome/outcome.ts';

const FIRST_POLL_MS = 500;
const LONGEST_POLL_MS = 15_000;
/** Then the queue tries later. */
const LONGEST_POLLING_MS = 120_000;

/** The waits of one attempt between requests for what a server still prepares. */
export class Polling {
  readonly #scope: AttemptScope;
  #polls = 0;
  #until: number | null = null;
  #preparing: Outcome | null = null;

  constructor(scope: AttemptScope) {
    this.#scope = scope;
  }

  /** Another answer came than 202. */
  end(): void {
    this.#preparing = null;
  }

  /** What the attempt comes to where the total deadline ends a request for what is being prepared; else null. */
  get unfinished(): Outcome | null {
    return this.#preparing && this.#scope.deadlines.overdue ? this.#preparing : null;
  }

  /** Waits until a 202 is worth another request; the outcome when no time is left for one. */
  async wait(headers: HeaderMap): Promise<Outcome | null> {
    const { deadlines, settings, signal } = this.#scope;
    const askedMs = retryAfterMs(headers, Date.now(), settings.retryAfterMaxMs);
    const wishedMs = askedMs ?? Math.min(FIRST_POLL_MS * 2 ** this.#polls, LONGEST_POLL_MS);
    this.#polls += 1;
    // Also a server that says 0 each time gets pauses between requests.
    const waitMs = Math.max(wishedMs, Math.min(20 * this.#polls, 1000));
    this.#preparing = stillPreparing(this.#polls, askedMs);
    this.#until ??= performance.now() + LONGEST_POLLING_MS;
    if (waitMs >= Math.min(deadlines.remainingMs, this.#until - performance.now())) return this.#preparing;
    await deadlines.wait(waitMs, signal);
    return null;
  }
}

/** What a 202 comes to that is asked no further in this attempt. */
export function stillPreparing(polls: number, askedMs: number | null): Outcome {
  const asked = polls === 1 ? 'once' : `${polls} times`;
  const reason = `The server is still preparing the file: 202 Accepted, asked ${asked}.`;
  return outcomeOf(failure('http-error', reason, true), { status: 202, retryAfterMs: askedMs });
}

/** After what time a 202 is worth another request: 0 where it tells of its state but not when to come; null where it is not. */
export function pollWaitMs(headers: HeaderMap, maxMs: number): number | null {
  return retryAfterMs(headers, Date.now(), maxMs) ?? (saysWhenReady(headers) ? 0 : null);
}

/** RFC 9110 section 15.3.3: a 202 tells of the state or says when to come again; an empty one, or a page, says nothing. */
export function saysWhenReady(headers: HeaderMap): boolean {
  const type = mediaTypeOf(headers) ?? '';
  if (type.endsWith('/json') || type.endsWith('+json')) return true;
  return retryAfterMs(headers, Date.now(), Number.MAX_SAFE_INTEGER) !== null;
}
