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

/** Connections in a row that must fail before a host counts as dead. */
const DEAD_AFTER = 5;
const FIRST_OPEN_MS = 60_000;
const LONGEST_OPEN_MS = 24 * 3600 * 1000;
/** So long a host that was overloaded gets half its rate, and a second such answer pauses it. */
const OVERLOAD_MS = 60_000;

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

/**
 * A share of a host's budget: a token bucket for the rate, slots for what is under way concurrently, bytes a day, quiet hours,
 * the server's own Retry-After, and a circuit breaker that lets one probe through when its time is over.
 */
export function take(
  before: HostState,
  ask: {
    readonly requested: number;
    readonly slotsTaken: number;
    readonly limits: HostLimits;
    readonly now: Date;
    readonly urgent?: boolean;
    readonly onTheWay?: boolean;
  },
): { readonly state: HostState; readonly slice: HostSlice } {
  const { limits, now, slotsTaken } = ask;
  const state = refill(before, limits, now);
  const refused = (reason: HostSlice['reason'], retryAt: Date) => ({
    state,
    slice: { granted: 0, slots: 0, retryAt, reason },
  });

  const { urgent = false, onTheWay = false } = ask;
  if (!urgent && state.openUntil && state.openUntil > now) return refused('circuit', state.openUntil);
  if (state.pauseUntil && state.pauseUntil > now) return refused('retry-after', state.pauseUntil);
  const quietUntil = quietEnd(limits.quietHours, now);
  if (!urgent && quietUntil) return refused('quiet', quietUntil);
  const bytesPerDay = limits.bytesPerDay ?? 0;
  if (bytesPerDay > 0 && state.bytesDay === dayOf(now) && state.bytes >= bytesPerDay) {
    return refused('bytes', nextDay(now));
  }
  const freeSlots = (urgent ? limits.concurrency : sweepSlots(limits)) - slotsTaken;
  if (freeSlots <= 0) return refused('concurrency', new Date(now.getTime() + 1000));
  const needed = urgent ? (onTheWay ? 1 - limits.burst : Number.NEGATIVE_INFINITY) : 1;
  if (state.tokens < needed) {
    return refused('rate', new Date(now.getTime() + ((needed - state.tokens) / rateOf(before, limits, now)) * 1000));
  }
  const probing = !urgent && state.openCount > 0;
  const granted = probing ? 1 : urgent ? ask.requested : Math.min(ask.requested, Math.floor(state.tokens));
  const slots = Math.min(freeSlots, granted);
  return {
    state: { ...state, tokens: state.tokens - granted },
    slice: { granted, slots, retryAt: null, reason: 'free' },
  };
}

/** Where there is more than one slot, the last is kept for interactive requests: they never wait for the slow file of a sweep. */
function sweepSlots({ concurrency }: HostLimits): number {
  return concurrency > 1 ? concurrency - 1 : concurrency;
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
