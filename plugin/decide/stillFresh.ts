import type { Confirmed } from '../model/archival.ts';
import { type CheckBounds, nextCheck } from './nextCheck.ts';
import { type TaskOutcome, taskOutcome } from './status/taskOutcome.ts';

/** The sentence of the code `still-fresh`. */
export const STILL_FRESH = 'The copy is still fresh by what the server said of it; nothing was asked.';

/** What is recorded of resources that are still fresh, and the same for all of one moment and run. */
export interface StillFresh {
  readonly confirmed: Confirmed & { readonly code: 'still-fresh' };
  readonly attempts: number;
  readonly taskStatus: TaskOutcome;
}

/** `runId`: the run that found them due. Pure; that it says what `nextArchival` says of each is held by a test. */
export function stillFresh({ now, runId }: { readonly now: Date; readonly runId: string | null }): StillFresh {
  const confirmed = { code: 'still-fresh', reason: STILL_FRESH, broken: false, at: now.toISOString() } as const;
  const attempts = 1;
  const told = { settled: true, told: confirmed, last: confirmed, isBroken: false };
  return { confirmed, attempts, taskStatus: taskOutcome({ ...told, attempts, runId }) };
}

/** When one that is still fresh is looked at again. `unchangedCount`: checks in a row that found nothing new, with this one. Pure. */
export function nextFreshCheck(fresh: {
  readonly now: Date;
  readonly freshUntil: Date;
  readonly unchangedCount: number;
  readonly bounds: CheckBounds;
  readonly random: number;
}): Date {
  return nextCheck({ ...fresh, failureCount: 0 });
}
