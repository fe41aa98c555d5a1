import { shareOf } from '../../decide/hostBudget.ts';
import type { HostLimits } from '../../model/host.ts';

/** A host that its rate holds up waits for what it brings in this time, if so much is due: each share costs the same statements. */
const SHARE_MS = 1000;
/**
 * The first is shorter while others wait for a place: the buckets of all that begin fill up from then on. A host that left some of
 * its bucket to others comes again after this: its bucket is not full before, and those who have not begun are let in meanwhile.
 */
const FIRST_SHARE_MS = 500;
/** Shares of hosts that their rate holds up begin at multiples of this, so that those of many hosts come together. */
const GATHERING_MS = 100;

/** How long a share is that leaves its place soon to others that wait, by what the rate of its host brings. */
export const shortShareMs = (isFirst: boolean): number => (isFirst ? FIRST_SHARE_MS : SHARE_MS);

/** What was taken of a host's bucket. */
export interface TakenShare {
  readonly limits: Pick<HostLimits, 'requestsPerSecond' | 'burst'>;
  /** As it was asked for; undefined: all that there was. */
  readonly shareMs: number | undefined;
  readonly granted: number;
  readonly takenAt: Date;
  /** What is in the bucket since; left out: nothing. */
  readonly tokensLeft?: number;
  /** Due resources of the host that are known beyond this share; 0: none is known. */
  readonly left: number;
}

/** When its rate has brought the next share, or as much as is known to be due; sooner after a short one, of a bucket with more. */
export function nextShareAt(taken: TakenShare, now: Date): Date {
  const { limits, shareMs, granted, takenAt, tokensLeft = 0, left } = taken;
  const isShort = shareMs !== undefined && granted >= shareOf(limits, shareMs);
  const tokens = Math.max(1, Math.min(shareOf(limits, SHARE_MS), left)) - tokensLeft;
  const waitMs = isShort ? FIRST_SHARE_MS : (1000 * tokens) / limits.requestsPerSecond;
  const nextMs = Math.max(takenAt.getTime() + waitMs, now.getTime() + 1);
  return new Date(Math.ceil(nextMs / GATHERING_MS) * GATHERING_MS);
}
