import { Command } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { Run } from '../../model/run.ts';
import type { ArchiveRuns } from '../../show/Archive.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';
import { doneOfTotal, runJson, runLines } from './runText.ts';

const LISTED = 50;

/** `run list|show|cancel`: what was asked for, and how far it is. */
export function runCommand(context: CommandContext): Command {
  const list = new Command('list').description(`The newest ${LISTED} runs.`).action(async (options: PortalOptions) => {
    await withArchiver(options, context, async (archiver) => {
      const runs = await archiver.archive.runs.list(LISTED);
      print(context, options, { json: runs.map((run) => runJson(run)), lines: columns(runs.map(runRow)) });
    });
  });
  const show = new Command('show')
    .description('One run.')
    .argument('<id>')
    .action(oneRun(context, (runs, id) => runs.get(id)));
  const cancel = new Command('cancel')
    .description('Ends a run; what is being archived at the moment is finished.')
    .argument('<id>')
    .action(oneRun(context, cancelRun));
  const command = new Command('run').description('Runs: what was asked for, and how far it is.');
  for (const inner of [list, show, cancel]) command.addCommand(addPortalOptions(inner));
  return command;
}

/** Throws `ArchiverError('precondition-failed')` for a run that has ended: there is nothing to cancel. */
async function cancelRun(runs: ArchiveRuns, id: string): Promise<Run | null> {
  const run = await runs.get(id);
  if (run?.state === 'done' || run?.state === 'cancelled')
    throw new ArchiverError('precondition-failed', `The run ${id} has ended already (${run.state}).`);
  return runs.cancel(id);
}

const oneRun =
  (context: CommandContext, find: (runs: ArchiveRuns, id: string) => Promise<Run | null>) =>
  (id: string, options: PortalOptions): Promise<void> =>
    withArchiver(options, context, async (archiver) => {
      const run = await find(archiver.archive.runs, id);
      if (!run) throw new ArchiverError('not-found', `There is no run ${id}.`);
      print(context, options, { json: runJson(run), lines: runLines(run) });
    });

const runRow = (run: Run): string[] => [
  run.id,
  run.kind,
  run.state,
  doneOfTotal(run, '/'),
  run.createdAt.toISOString(),
  run.endedAt?.toISOString() ?? '-',
];
