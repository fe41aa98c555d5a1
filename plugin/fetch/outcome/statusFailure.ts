import { STATUS_CODES } from 'node:http';
import type { HeaderMap } from '../../model/attempt.ts';
import { exhaustedRateLimit } from '../http/rateLimit.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import { type Failure, failure } from './failure.ts';

/** The head of a response that is no success. */
export interface FailedResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderMap;
}

const TRANSIENT_4XX: ReadonlySet<number> = new Set([408, 425]);
/** What the server cannot do (RFC 9110 sections 15.6.2 and 15.6.6) and what the network wants first (RFC 6585 section 6). */
const PERMANENT_5XX: ReadonlySet<number> = new Set([501, 505, 511]);

/** What a final status that is no success means; design section 4. */
export function statusFailure({ status, statusText, headers }: FailedResponse): Failure {
  const said = statusLineText(status, statusText);
  if (asksToWait(status, headers)) return failure('rate-limited', `The server asks us to slow down: ${said}.`);
  if (status === 404 || status === 410) return failure('gone', `The server says that there is no such file: ${said}.`);
  if (status === 401 || status === 403) return failure('forbidden', `The server does not let us in: ${said}.`);
  return failure('http-error', `The server answered ${said}.`, mayPass(status));
}

/** A 4xx that says when to come again is no last word, whatever its number. */
function asksToWait(status: number, headers: HeaderMap): boolean {
  if (status < 400 || status > 499) return false;
  const now = Date.now();
  return (
    status === 429 ||
    retryAfterMs(headers, now, Number.MAX_SAFE_INTEGER) !== null ||
    (status === 403 && exhaustedRateLimit(headers, now) !== null)
  );
}

function mayPass(status: number): boolean {
  return TRANSIENT_4XX.has(status) || (status >= 500 && status <= 599 && !PERMANENT_5XX.has(status));
}

/** `404 Not Found`; the server's own phrase where it has one, without control characters and cut to 100 characters. */
export function statusLineText(status: number, phrase: string): string {
  const own = phrase
    .replace(/[^\x20-\x7e\xa0-\xff]/g, ' ')
    .trim()
    .slice(0, 100);
  const text = own === '' ? (STATUS_CODES[status] ?? '') : own;
  return text === '' ? String(status) : `${status} ${text}`;
}
