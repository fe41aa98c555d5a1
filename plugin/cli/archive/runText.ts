import { runProgress } from '../../decide/runProgress.ts';
import type { Run } from '../../model/run.ts';

/** A run as `--json` shows it. */
export function runJson(run: Run, now = new Date()) {
  const { perSecond, expectedEndAt } = runProgress(run, now);
  return { ...run, ratePerSecond: perSecond, expectedEndAt };
}

/** A run in a few lines: how far it is, how its resources ended, how fast it goes. */
export function runLines(run: Run, now = new Date()): string[] {
  const { perSecond, expectedEndAt } = runProgress(run, now);
  const subject = run.subjectId ? `${run.kind} ${run.subjectId}` : run.kind;
  return [
    `run ${run.id}: ${run.state}, ${doneOfTotal(run, ' of ')}, ${subject}`,
    ...Object.entries(run.counts).map(([code, count]) => `  ${code}: ${count}`),
    ...(perSecond === null ? [] : [`  ${perSecond.toFixed(1)} a second`]),
    ...(expectedEndAt === null ? [] : [`  expected to end at ${expectedEndAt.toISOString()}`]),
  ];
}

/** How many of its resources are done; `?` stands for a total that is not counted yet. */
export function doneOfTotal({ done, total }: Pick<Run, 'done' | 'total'>, separator: string): string {
  return `${done}${separator}${total ?? '?'}`;
}
