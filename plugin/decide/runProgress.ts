import type { Run } from '../model/run.ts';

/** How fast a run is and when it would end; each null when it cannot be said. */
export interface RunProgress {
  /** Resources a second since the run began; null until one has ended. */
  readonly perSecond: number | null;
  /** When the run ends if it goes on like that; null for one that has ended or is not counted yet. */
  readonly expectedEndAt: Date | null;
}

/** The progress of a run at `now`, by the mean rate since it began. */
export function runProgress(run: Run, now: Date): RunProgress {
  const { done, startedAt, endedAt, state, total } = run;
  const ms = startedAt ? (endedAt ?? now).getTime() - startedAt.getTime() : 0;
  const perSecond = done > 0 && ms > 0 ? (done * 1000) / ms : null;
  const hasEnded = state === 'done' || state === 'cancelled';
  if (perSecond === null || total === null || hasEnded) return { perSecond, expectedEndAt: null };
  return { perSecond, expectedEndAt: new Date(now.getTime() + ((total - done) / perSecond) * 1000) };
}
