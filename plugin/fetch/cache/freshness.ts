import type { HeaderMap, Known } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';
import { httpDate } from '../http/httpDate.ts';
import type { FinalResponse } from '../outcome/outcome.ts';
import { type CacheControl, deltaSeconds, LARGEST_SECONDS, parseCacheControl } from './cacheControl.ts';

/** How long a response is trusted at most, whatever it says of itself. */
interface FreshnessCeilings {
  readonly maxFreshnessMs: number;
  readonly maxHeuristicFreshnessMs: number;
}

interface Freshness {
  /** null: the response was stale when it came. */
  readonly until: Date | null;
  /** A sentence for people that names the ground. */
  readonly reason: string;
}

interface Lifetime {
  readonly ms: number;
  readonly ceilingMs: number;
  readonly reason: string;
}

/** A response with what several of its rules need, read once. */
interface Received extends FinalResponse {
  readonly directives: CacheControl;
  /** Epoch milliseconds of its arrival. */
  readonly at: number;
  /** The readable `Date` fields, or the time of arrival, as RFC 9110 section 6.6.1 wants it. */
  readonly dates: readonly number[];
}

/**
 * Statuses with a default to go by (RFC 9110 section 15.1). A 304 updates the response it confirms, which was a 200.
 */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501,
]);
const HEURISTIC_SHARE = 0.1;

/** How far the clocks of machines that share a copy may differ. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Until when a response may stand for its resource without asking again: RFC 9111 section 4.2, as a private cache
 * (`s-maxage`, `proxy-revalidate`, `public` and `private` do not concern us). `at` is when the response was received, epoch
 * milliseconds; header names are in lower case. `no-store` counts as stale; it does not stop the archive, which is no cache
 * and serves nothing in the publisher's name. Contradictions are resolved towards stale: asking once too often harms nobody.
 */
export function freshUntil(response: FinalResponse, at: number, ceilings: FreshnessCeilings): Freshness {
  const { status, headers } = response;
  const directives = parseCacheControl(fields(headers, 'cache-control'));
  const never = forbidden(headers, directives);
  if (never) return { until: null, reason: never };
  const received = { status, headers, directives, at, dates: datesOf(headers, at) };
  return freshnessOf(lifetimeOf(received, ceilings), initialAge(received), at);
}

function freshnessOf(lifetime: Lifetime, ageMs: number, at: number): Freshness {
  const leftMs = Math.min(lifetime.ms - ageMs, lifetime.ceilingMs);
  if (!(leftMs > 0)) {
    const aged = lifetime.ms > 0 ? `, but the answer was already ${seconds(ageMs)} old` : '';
    return { until: null, reason: `${lifetime.reason}${aged}` };
  }
  const capped = leftMs < lifetime.ms - ageMs ? `, limited to ${seconds(leftMs)}` : '';
  const aged = ageMs > 0 ? `, ${seconds(ageMs)} of them used up on arrival` : '';
  return { until: new Date(at + leftMs), reason: `${lifetime.reason}${aged}${capped}` };
}

/**
 * Until when a sweep may answer `still-fresh` without a request; null: not now. Never after a failure, with a missing copy, or
 * when the copy was confirmed later than now: then a clock was wrong, and nobody knows how old the copy is. That `known` belongs
 * to the URL in question is for the caller to see to.
 */
export function stillFreshUntil(known: Known, now: number, ceilings: FreshnessCeilings): Date | null {
  const at = Date.parse(known.storedAt);
  if (!known.ok || known.bytes === null || !Number.isFinite(at) || !isOfCopy(known.status)) return null;
  if (at - now > CLOCK_TOLERANCE_MS) return null;
  const { until } = freshUntil(known, at, ceilings);
  return until !== null && now < until.getTime() ? until : null;
}

/**
 * Whether what a response says is about the copy: it brought it, or confirmed it. A redirect or an error may be fresh and
 * have an entity-tag too, but those are its own.
 */
export function isOfCopy(status: number): boolean {
  return (status >= 200 && status <= 299) || status === 304;
}

/** What takes all freshness away: RFC 9111 sections 4.1 (`Vary: *`), 5.2.2.4, 5.2.2.5 and 5.4. */
function forbidden(headers: HeaderMap, directives: CacheControl): string | null {
  if (directives.has('no-store')) return 'Cache-Control: no-store';
  // With field names only those fields need asking; but the server that says so has little trust in the response's age.
  if (directives.has('no-cache')) return 'Cache-Control: no-cache';
  if (fields(headers, 'vary').some((line) => line.split(',').some((name) => name.trim() === '*'))) return 'Vary: *';
  const pragma = fields(headers, 'pragma').some((line) => /(^|,)\s*no-cache\s*(,|$)/i.test(line));
  return pragma && fields(headers, 'cache-control').length === 0 ? 'Pragma: no-cache' : null;
}

/** RFC 9111 section 4.2.1: max-age, else Expires, else a guess. `immutable` alone promises no time (RFC 8246). */
function lifetimeOf(response: Received, ceilings: FreshnessCeilings): Lifetime {
  const maxAge = deltaSeconds(response.directives, 'max-age');
  const ceilingMs = ceilings.maxFreshnessMs;
  if (maxAge !== null) return { ms: maxAge * 1000, ceilingMs, reason: `Cache-Control: max-age of ${maxAge} s` };
  const expires = fields(response.headers, 'expires');
  if (expires.length > 0) return { ms: expiresLifetime(expires, response), ceilingMs, reason: 'Expires' };
  const ms = heuristicLifetime(response);
  return {
    ms,
    ceilingMs: Math.min(ceilingMs, ceilings.maxHeuristicFreshnessMs),
    reason: ms > 0 ? 'a tenth of the time since Last-Modified' : 'nothing says how long the answer is fresh',
  };
}

/** Expires less Date (RFC 9111 section 5.3): anything that is no date, above all `0`, lies in the past. */
function expiresLifetime(expires: readonly string[], { at, dates }: Received): number {
  const ends = expires.map((text) => httpDate(text, at) ?? Number.NEGATIVE_INFINITY);
  return Math.min(...ends) - Math.max(...dates);
}

/** RFC 9111 section 4.2.2. A Last-Modified after Date tells nothing. */
function heuristicLifetime({ status, headers, directives, at, dates }: Received): number {
  if (!HEURISTICALLY_CACHEABLE.has(status) && !directives.has('public')) return 0;
  const modified = fields(headers, 'last-modified').map((text) => httpDate(text, at) ?? Number.POSITIVE_INFINITY);
  if (modified.length === 0) return 0;
  return Math.max(0, Math.floor((Math.min(...dates) - Math.max(...modified)) * HEURISTIC_SHARE));
}

/**
 * How old the response was on arrival (RFC 9111 section 4.2.3, the time on the wire unknown). A Date ahead of our clock
 * counts as now; one behind it cannot be told from a response that lay in caches, and counts as age.
 */
function initialAge({ headers, at, dates }: Received): number {
  const ages = fields(headers, 'age')
    .flatMap((line) => line.split(','))
    .map((text) => text.trim())
    .filter((text) => /^\d+$/.test(text));
  const ageMs = Math.max(0, ...ages.map((text) => Math.min(Number(text), LARGEST_SECONDS) * 1000));
  return Math.max(ageMs, at - Math.min(...dates));
}

function datesOf(headers: HeaderMap, at: number): readonly number[] {
  const dates = fields(headers, 'date').flatMap((text) => httpDate(text, at) ?? []);
  return dates.length > 0 ? dates : [at];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
