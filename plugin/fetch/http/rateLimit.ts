import type { HeaderMap } from '../../model/attempt.ts';
import { field } from './headers.ts';
import { httpDate } from './httpDate.ts';

/** Larger numbers are a moment since 1970, in seconds or in milliseconds, not a wait. */
const FIRST_EPOCH_SECONDS = 1_000_000_000;
const FIRST_EPOCH_MS = 1_000_000_000_000;
const PREFIXES = ['ratelimit', 'x-ratelimit', 'x-rate-limit'] as const;

/** `waitMs`: until there is something left; null where the server does not say. */
interface Exhausted {
  readonly waitMs: number | null;
}

/**
 * Whether the fields about a rate limit say that nothing is left of it: `RateLimit` of the IETF's drafts (`"day";r=0;t=30`,
 * earlier `remaining=0, reset=30`) and `[X-]RateLimit-Remaining: 0`, whose `-Reset` may be seconds, a moment or a date.
 */
export function exhaustedRateLimit(headers: HeaderMap, now: number): Exhausted | null {
  return exhaustedPolicy(field(headers, 'ratelimit') ?? '', now) ?? exhaustedFields(headers, now);
}

/** Of several policies the one that lasts longest. */
function exhaustedPolicy(text: string, now: number): Exhausted | null {
  const joined = /(?:^|[,\s])remaining\s*=/i.test(text);
  const spent = (joined ? [text] : text.split(',')).filter((item) =>
    /(?:^|[;,\s])(?:r|remaining)\s*=\s*0+(?![\d.])/i.test(item),
  );
  if (spent.length === 0) return null;
  const waits = spent.flatMap(
    (item) => waitOf(/(?:^|[;,\s])(?:t|reset)\s*=\s*(\d+)/i.exec(item)?.[1] ?? '', now) ?? [],
  );
  return { waitMs: waits.length === 0 ? null : Math.max(...waits) };
}

function exhaustedFields(headers: HeaderMap, now: number): Exhausted | null {
  const prefix = PREFIXES.find((one) => /^\s*0+\s*$/.test(field(headers, `${one}-remaining`) ?? ''));
  return prefix === undefined ? null : { waitMs: waitOf(field(headers, `${prefix}-reset`) ?? '', now) };
}

function waitOf(text: string, now: number): number | null {
  const value = text.trim();
  if (!/^\d+(?:\.\d+)?$/.test(value)) {
    const at = httpDate(value, now) ?? Date.parse(value);
    return Number.isNaN(at) ? null : Math.max(0, at - now);
  }
  const amount = Number(value);
  if (amount < FIRST_EPOCH_SECONDS) return Math.ceil(amount * 1000);
  return Math.max(0, Math.ceil(amount < FIRST_EPOCH_MS ? amount * 1000 : amount) - now);
}
