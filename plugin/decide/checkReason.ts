import { type CheckBounds, stretchedMs } from './nextCheck.ts';

/**
 * Why a resource is looked at again when it is. `failing`: it failed, each time in a row longer ago; `fresh`: its server said
 * how long it stays as it is; `unchanged`: nothing new was found several times; `minimum` and `maximum`: the settings allow no
 * sooner, or no later, moment.
 */
export type CheckReason = 'failing' | 'fresh' | 'unchanged' | 'minimum' | 'maximum';

/** The reason for the wait that `nextCheck` chose when the resource was checked last. */
export function checkReason(input: {
  readonly checkedAt: Date;
  readonly freshUntil: Date | null;
  readonly failureCount: number;
  readonly unchangedCount: number;
  readonly bounds: CheckBounds;
}): CheckReason {
  const { checkedAt, freshUntil, failureCount, unchangedCount, bounds } = input;
  if (failureCount > 0) return 'failing';
  const freshMs = freshUntil ? freshUntil.getTime() - checkedAt.getTime() : 0;
  const stretched = stretchedMs(unchangedCount, bounds);
  if (Math.max(freshMs, stretched) >= bounds.maxCheckIntervalMs) return 'maximum';
  if (freshMs > stretched) return 'fresh';
  return unchangedCount > 0 ? 'unchanged' : 'minimum';
}
