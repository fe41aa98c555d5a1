const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Waits after the first, second, … failed request in a row; the last one repeats. */
const BROKEN_LADDER_MS = [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS, 7 * DAY_MS];

const STABLE_FACTOR = 1.5;
const JITTER = 0.1;

/** Between which a working link is looked at again. */
export interface CheckBounds {
  readonly minCheckIntervalMs: number;
  readonly maxCheckIntervalMs: number;
}

/**
 * When to look at a resource again. A working link: its HTTP freshness, at least the minimum interval, stretched by half
 * for each check in a row that found nothing new, at most the maximum. A failing one: a ladder from minutes to a week.
 * `random` in [0, 1) spreads the moment by a tenth either way, so that what came together does not stay together.
 */
export function nextCheck(input: {
  readonly now: Date;
  readonly freshUntil: Date | null;
  readonly failureCount: number;
  /** The last failure was ours: nobody is asked in vain when we look again, so that no wait is longer than a day. */
  readonly ownFault?: boolean;
  readonly unchangedCount: number;
  readonly bounds: CheckBounds;
  readonly random: number;
}): Date {
  const { now, failureCount, ownFault = false, random } = input;
  const brokenMs = Math.min(ladder(failureCount), ownFault ? DAY_MS : Number.POSITIVE_INFINITY);
  const waitMs = failureCount > 0 ? brokenMs : stretch(input);
  const jitter = 1 - JITTER + 2 * JITTER * random;
  return new Date(now.getTime() + Math.round(waitMs * jitter));
}

function ladder(failureCount: number): number {
  return BROKEN_LADDER_MS[Math.min(failureCount, BROKEN_LADDER_MS.length) - 1] ?? DAY_MS;
}

function stretch({ now, freshUntil, unchangedCount, bounds }: Parameters<typeof nextCheck>[0]): number {
  const freshMs = freshUntil ? freshUntil.getTime() - now.getTime() : 0;
  const { minCheckIntervalMs: min, maxCheckIntervalMs: max } = bounds;
  return Math.min(Math.max(freshMs, stretchedMs(unchangedCount, bounds), min), max);
}

/** The minimum interval, stretched by each check in a row that found nothing new. */
export function stretchedMs(unchangedCount: number, { minCheckIntervalMs: min }: CheckBounds): number {
  // The exponent is bounded before the power: 1.5^2000 is Infinity, and Infinity times zero is no date.
  return Math.max(min, 1) * STABLE_FACTOR ** Math.min(unchangedCount, 60);
}
