import type { HostLimits, HostReport, HostSlice } from '../model/host.ts';

/** What a host's row remembers between slices. */
export interface HostState {
  readonly tokens: number;
  readonly refilledAt: Date;
  readonly bytesDay: string | null;
  readonly bytes: number;
  readonly pauseUntil: Date | null;
  readonly deadCount: number;
  readonly openUntil: Date | null;
  readonly openCount: number;
  /** The last answer that asked for a pause of its resource alone. */
  readonly overloadedAt: Date | null;
}

/** Slots that the hosts of one address, or of one domain, have in use together. */
export interface SiteUse {
  readonly young: number;
  /** What holds them has become slow. */
  readonly slow: number;
}

/** Connections in a row that must fail before a host counts as dead. */
const DEAD_AFTER = 5;
const FIRST_OPEN_MS = 60_000;
const LONGEST_OPEN_MS = 24 * 3600 * 1000;
/** So long a host that was overloaded gets half its rate, and a second such answer pauses it. */
const OVERLOAD_MS = 60_000;

/** Slow ones count for half at most, but no sweep adds to more than so many times the limit. */
const MOST_SLOW_FACTOR = 4;

/** A host that was never asked: a full bucket, nothing counted. */
export function newHost(limits: HostLimits, now: Date): HostState {
  return {
    tokens: limits.burst,
    refilledAt: now,
    bytesDay: null,
    bytes: 0,
    pauseUntil: null,
    deadCount: 0,
    openUntil: null,
    openCount: 0,
    overloadedAt: null,
  };
}

/** What is asked of a host's budget. */
export interface SliceAsk {
  readonly requested: number;
  readonly slotsTaken: number;
  readonly limits: HostLimits;
  readonly now: Date;
  readonly urgent?: boolean;
  readonly onTheWay?: boolean;
  /** Of a bucket that does not hold a whole slice no more than its rate brings in this time, one at least. */
  readonly shareMs?: number | undefined;
  readonly atAddress?: SiteUse;
  readonly atDomain?: SiteUse;
}

type Refusal = Pick<HostSlice, 'reason' | 'retryAt'>;

/** Slots that others have are asked for again after this. */
const BUSY_MS = 1000;

/**
 * A share of a host's budget: a token bucket for the rate, slots for what is under way concurrently, bytes a day, quiet hours,
 * the server's own Retry-After, and a circuit breaker that lets one probe through when its time is over. Slots count for the
 * host's address and domain as well.
 */
export function take(before: HostState, ask: SliceAsk): { readonly state: HostState; readonly slice: HostSlice } {
  const { limits, now, urgent = false } = ask;
  const state = refill(before, limits, now);
  const free = freeSlots(ask);
  const refusal =
    closed(state, ask) ??
    (typeof free === 'string' ? { reason: free, retryAt: new Date(now.getTime() + BUSY_MS) } : null) ??
    tooFast(before, state, ask);
  if (refusal || typeof free === 'string') {
    return { state, slice: { granted: 0, slots: 0, retryAt: null, reason: 'free', ...refusal } };
  }
  const probing = !urgent && state.openCount > 0;
  const granted = probing ? 1 : urgent ? ask.requested : Math.min(mostOf(ask), Math.floor(state.tokens));
  return {
    state: { ...state, tokens: state.tokens - granted },
    slice: { granted, slots: Math.min(free, granted), retryAt: null, reason: 'free' },
  };
}

function mostOf({ requested, shareMs, limits }: SliceAsk): number {
  const isWhole = shareMs === undefined || limits.burst >= requested;
  return isWhole ? requested : Math.min(requested, shareOf(limits, shareMs));
}

/** What a host's rate brings in so many milliseconds: one request at least, and no more than its bucket holds. */
export function shareOf(
  { requestsPerSecond, burst }: Pick<HostLimits, 'requestsPerSecond' | 'burst'>,
  ms: number,
): number {
  return Math.max(1, Math.floor(Math.min((requestsPerSecond * ms) / 1000, burst)));
}

/** Whether the host is to be left alone, however few ask it: a pause, a closed circuit, quiet hours, the bytes of the day. */
export function closed(
  state: HostState,
  { limits, now, urgent = false }: Pick<SliceAsk, 'limits' | 'now' | 'urgent'>,
): Refusal | null {
  if (!urgent && state.openUntil && state.openUntil > now) return { reason: 'circuit', retryAt: state.openUntil };
  if (state.pauseUntil && state.pauseUntil > now) return { reason: 'retry-after', retryAt: state.pauseUntil };
  const quietUntil = quietEnd(limits.quietHours, now);
  if (!urgent && quietUntil) return { reason: 'quiet', retryAt: quietUntil };
  const bytesPerDay = limits.bytesPerDay ?? 0;
  const isFull = bytesPerDay > 0 && state.bytesDay === dayOf(now) && state.bytes >= bytesPerDay;
  return isFull ? { reason: 'bytes', retryAt: nextDay(now) } : null;
}

function tooFast(before: HostState, state: HostState, ask: SliceAsk): Refusal | null {
  const { limits, now, urgent = false, onTheWay = false } = ask;
  const needed = urgent ? (onTheWay ? 1 - limits.burst : Number.NEGATIVE_INFINITY) : 1;
  if (state.tokens >= needed) return null;
  const waitMs = ((needed - state.tokens) / rateOf(before, limits, now)) * 1000;
  return { reason: 'rate', retryAt: new Date(now.getTime() + waitMs) };
}

/** How many there are, or whose are all taken. */
function freeSlots(ask: SliceAsk): number | 'concurrency' | 'address' | 'domain' {
  const { limits, slotsTaken, urgent = false } = ask;
  const atHost = (urgent ? limits.concurrency : sweepSlots(limits)) - slotsTaken;
  if (atHost <= 0) return 'concurrency';
  const atAddress = freeAt(limits.addressConcurrency, ask.atAddress, ask);
  if (atAddress <= 0) return 'address';
  const atDomain = freeAt(limits.domainConcurrency, ask.atDomain, ask);
  return atDomain <= 0 ? 'domain' : Math.min(atHost, atAddress, atDomain);
}

/** Where there is more than one slot, the last is kept for interactive requests: they never wait for the slow file of a sweep. */
function sweepSlots({ concurrency }: HostLimits): number {
  return concurrency > 1 ? concurrency - 1 : concurrency;
}

/** Of the places of an address or a domain sweeps leave a quarter to interactive requests, one at least. */
function freeAt(limit: number | undefined, use: SiteUse | undefined, { limits, urgent = false }: SliceAsk): number {
  if (!limit || !use) return Number.POSITIVE_INFINITY;
  const most = Math.max(limit, limits.concurrency);
  const free = most - use.young - Math.min(use.slow, Math.floor(most / 2));
  if (urgent) return free;
  const kept = most > 1 ? Math.max(1, Math.floor(most / 4)) : 0;
  return Math.min(free - kept, most * MOST_SLOW_FACTOR - use.young - use.slow);
}

/** What a finished slice teaches. */
export function settle(before: HostState, report: HostReport, limits: HostLimits): HostState {
  const { now } = report;
  const gapMs = limits.gapFactor * report.responseMs;
  const overloadsMs = report.overloadsMs ?? [];
  const pauseMs = Math.max(report.retryAfterMs ?? 0, gapMs, overloadPauseMs(before, overloadsMs, now));
  const day = dayOf(now);
  const tokens = Math.min(limits.burst, before.tokens + report.unused);
  const counted: HostState = {
    ...before,
    tokens: overloadsMs.length > 0 ? Math.min(0, tokens) : tokens,
    overloadedAt: overloadsMs.length > 0 ? now : before.overloadedAt,
    bytesDay: day,
    bytes: (before.bytesDay === day ? before.bytes : 0) + report.bytes,
    pauseUntil: later(before.pauseUntil, pauseMs > 0 ? new Date(now.getTime() + pauseMs) : null),
  };
  if (report.aliveCount > 0) return { ...counted, deadCount: 0, openCount: 0, openUntil: null };
  if (report.deadCount === 0) return counted;
  const deadCount = before.deadCount + report.deadCount;
  if (deadCount < DEAD_AFTER && before.openCount === 0) return { ...counted, deadCount };
  const openMs = Math.min(FIRST_OPEN_MS * 2 ** before.openCount, LONGEST_OPEN_MS);
  return { ...counted, deadCount, openCount: before.openCount + 1, openUntil: new Date(now.getTime() + openMs) };
}

/** One path that cannot be had now pauses nothing but itself; two such answers within a minute speak for the host. */
function overloadPauseMs(before: HostState, overloadsMs: readonly number[], now: Date): number {
  const answers = overloadsMs.length + (isOverloaded(before, now) ? 1 : 0);
  return overloadsMs.length > 0 && answers > 1 ? Math.max(...overloadsMs) : 0;
}

function isOverloaded({ overloadedAt }: HostState, now: Date): boolean {
  return overloadedAt !== null && now.getTime() - overloadedAt.getTime() < OVERLOAD_MS;
}

function rateOf(state: HostState, { requestsPerSecond }: HostLimits, now: Date): number {
  return isOverloaded(state, now) ? requestsPerSecond / 2 : requestsPerSecond;
}

function refill(state: HostState, limits: HostLimits, now: Date): HostState {
  const seconds = Math.max(0, now.getTime() - state.refilledAt.getTime()) / 1000;
  return {
    ...state,
    tokens: Math.min(limits.burst, state.tokens + seconds * rateOf(state, limits, now)),
    refilledAt: now,
  };
}

function quietEnd(hours: HostLimits['quietHours'], now: Date): Date | null {
  if (!hours) return null;
  const [from, to] = hours;
  const hour = now.getUTCHours();
  const isQuiet = from <= to ? hour >= from && hour < to : hour >= from || hour < to;
  if (!isQuiet) return null;
  const end = new Date(now);
  end.setUTCHours(to, 0, 0, 0);
  return end > now ? end : new Date(end.getTime() + 24 * 3600 * 1000);
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

function nextDay(now: Date): Date {
  const midnight = new Date(now);
  midnight.setUTCHours(24, 0, 0, 0);
  return midnight;
}

function later(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) return one ?? other;
  return one > other ? one : other;
}

/** Others have the slots of the host, or of its address or domain; who has them calls who waits. */
export const isBusy = ({ reason }: Pick<HostSlice, 'reason'>): boolean =>
  reason === 'concurrency' || reason === 'address' || reason === 'domain';
