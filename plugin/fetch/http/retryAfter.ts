import type { HeaderMap } from '../../model/attempt.ts';
import { firstField } from './headers.ts';
import { httpDate } from './httpDate.ts';

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
