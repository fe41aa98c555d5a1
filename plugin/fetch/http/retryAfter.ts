import type { HeaderMap } from '../../model/attempt.ts';
import { firstField } from './headers.ts';
import { httpDate } from './httpDate.ts';
import { exhaustedRateLimit } from './rateLimit.ts';

/**
 * What `Retry-After` asks us to wait: seconds or a date (RFC 9110 section 10.2.3), capped; null when absent or unreadable.
 * A date in the past is 0. A date is measured from the server's own clock where the response tells it.
 */
export function retryAfterMs(headers: HeaderMap, now: number, maxMs: number): number | null {
  const text = firstField(headers, 'retry-after')?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), maxMs);
  const at = httpDate(text, now);
  if (at === null) return null;
  const serverNow = httpDate(firstField(headers, 'date') ?? '', now);
  return Math.min(Math.max(0, at - (serverNow ?? now)), maxMs);
}

/** The same of a server that slows us down: where `Retry-After` is missing, until its rate limit is reset. */
export function rateLimitWaitMs(headers: HeaderMap, now: number, maxMs: number): number | null {
  const askedMs = retryAfterMs(headers, now, maxMs);
  if (askedMs !== null) return askedMs;
  const waitMs = exhaustedRateLimit(headers, now)?.waitMs ?? null;
  return waitMs === null ? null : Math.min(waitMs, maxMs);
}
