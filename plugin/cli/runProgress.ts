import { setTimeout as wait } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { ArchiverError } from '../errors.ts';
import type { Run } from '../model/run.ts';
import type { ArchiveRuns } from '../show/Archive.ts';
import type { CommandContext } from './CommandContext.ts';
import { doneOfTotal } from './runText.ts';

const POLL_MS = 500;
const LINE_EVERY_MS = 10_000;

interface Progress {
  show(run: Run): void;
  end(): void;
}

/** Follows a run to its end: a bar on a terminal, a line now and then elsewhere, nothing where JSON is wanted. */
export async function followRun(
  run: Run,
  runs: Pick<ArchiveRuns, 'get'>,
  context: CommandContext,
  options: { readonly json?: true },
): Promise<Run> {
  const progress = options.json ? silent : context.output.isTTY ? bar(context) : lines(context);
  let last = run;
  try {
    while (last.state !== 'done' && last.state !== 'cancelled') {
      progress.show(last);
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

const silent: Progress = { show: () => undefined, end: () => undefined };

function bar(context: CommandContext): Progress {
  const shown = new SingleBar({
    format: '{bar} {value}/{total} · {eta_formatted} to go',
    stream: context.output,
    hideCursor: true,
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
