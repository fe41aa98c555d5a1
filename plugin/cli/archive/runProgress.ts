import { setTimeout as wait } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { ArchiverError } from '../../errors.ts';
import type { Run } from '../../model/run.ts';
import type { ArchiveRuns } from '../../show/Archive.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { doneOfTotal } from './runText.ts';

const POLL_MS = 500;
const LINE_EVERY_MS = 10_000;
const IDLE_MS = 5000;

/** How a run is waited for. */
export interface FollowOptions {
  readonly json?: true;
  /** Seconds; without it the wait ends with the run. */
  readonly timeout?: number;
}

interface Progress {
  show(run: Run): void;
  end(): void;
}

/** Follows a run to its end: a bar on a terminal, a line now and then elsewhere, nothing where JSON is wanted. */
export async function followRun(
  run: Run,
  runs: Pick<ArchiveRuns, 'get'>,
  context: CommandContext,
  options: FollowOptions,
): Promise<Run> {
  const progress = options.json ? silent : context.output.isTTY ? bar(context) : lines(context);
  const startedAt = Date.now();
  const warn = warnWhenIdle(context, startedAt);
  let last = run;
  try {
    while (last.state !== 'done' && last.state !== 'cancelled') {
      progress.show(last);
      warn(last);
      if (Date.now() - startedAt >= (options.timeout ?? Number.POSITIVE_INFINITY) * 1000) break;
      await wait(POLL_MS, undefined, { signal: context.signal });
      const now = await runs.get(run.id);
      if (!now) throw new ArchiverError('not-found', `The run ${run.id} is gone.`);
      last = now;
    }
    progress.show(last);
  } catch (error) {
    // Asked to end: the run goes on without us.
    if (!context.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  return last;
}

/** `4 s`, `12 min`, `3 h`; `?` while nothing can be said: the bar then hands on `NULL` or `INF`. */
export function timeLeftText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

/** Says once that nobody seems to work: a run that no worker takes up would be waited for without a word. */
function warnWhenIdle({ errors }: CommandContext, since: number): (run: Run) => void {
  let isSaid = false;
  return ({ done, startedAt }) => {
    if (isSaid || done > 0 || startedAt !== null || Date.now() - since < IDLE_MS) return;
    isSaid = true;
    errors.write(`Nothing has been archived for ${IDLE_MS / 1000} s: does a worker run (portal-archiver worker)?\n`);
  };
}

const silent: Progress = { show: () => undefined, end: () => undefined };

function bar(context: CommandContext): Progress {
  const shown = new SingleBar({
    format: '{bar} {value}/{total} · {eta_formatted} to go',
    stream: context.output,
    hideCursor: true,
    formatTime: timeLeftText,
  });
  shown.start(0, 0);
  return {
    show: ({ total, done }) => {
      shown.setTotal(total ?? 0);
      shown.update(done);
    },
    end: () => shown.stop(),
  };
}

function lines(context: CommandContext): Progress {
  let shownAt = 0;
  return {
    show: (run) => {
      if (Date.now() - shownAt < LINE_EVERY_MS) return;
      shownAt = Date.now();
      context.output.write(`${doneOfTotal(run, ' of ')}\n`);
    },
    end: () => undefined,
  };
}
