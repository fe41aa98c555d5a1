import type { Run } from '../model/run.ts';

const ended = (run: Run): boolean => run.state === 'done' || run.state === 'cancelled';

/** Resources a second since the run began; null before that can be said. */
export function runRate({ done, startedAt, endedAt }: Run, now: Date): number | null {
  const ms = startedAt ? (endedAt ?? now).getTime() - startedAt.getTime() : 0;
  return done > 0 && ms > 0 ? (done * 1000) / ms : null;
}

/** When the run ends if it goes on like that. */
export function expectedEndAt(run: Run, now: Date): Date | null {
  const rate = ended(run) ? null : runRate(run, now);
  return rate === null ? null : new Date(now.getTime() + ((run.total - run.done) / rate) * 1000);
}

export function runJson(run: Run, now = new Date()) {
  return { ...run, ratePerSecond: runRate(run, now), expectedEndAt: expectedEndAt(run, now) };
}

export function runLines(run: Run, now = new Date()): string[] {
  const rate = runRate(run, now);
  const endAt = expectedEndAt(run, now);
  return [
    `run ${run.id}: ${run.state}, ${run.done} of ${run.total}${run.subjectId ? `, ${run.kind} ${run.subjectId}` : `, ${run.kind}`}`,
    ...Object.entries(run.counts).map(([code, count]) => `  ${code}: ${count}`),
    ...(rate === null ? [] : [`  ${rate.toFixed(1)} a second`]),
    ...(endAt === null ? [] : [`  expected to end at ${endAt.toISOString()}`]),
  ];
}
