import { Command } from 'commander';
import type { SweepReport } from '../../trigger/SweepReport.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

/** `sweep`: one search for what is missing, changed or due, now. */
export function sweepCommand(context: CommandContext): Command {
  const command = new Command('sweep')
    .description('Looks for what is missing, changed or due, and hands it to the queue.')
    .option('--dry-run', 'only say what it would cost');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly dryRun?: true }) => {
    const dryRun = options.dryRun ?? false;
    await withArchiver(options, context, async (archiver) => {
      const report = await archiver.archive.sweep({ dryRun });
      print(context, options, { json: { dryRun, ...report }, lines: sweepLines(report) });
    });
  });
}

function sweepLines(report: SweepReport): string[] {
  const { runId, missing, changed, due, hosts, bytes, fullRequests, fullBytes, fullHosts } = report;
  const found = `${missing} resources are new, ${changed} have another URL, ${due} are due, at ${hosts} hosts`;
  if (bytes === null) return [runId === null ? 'another process sweeps already' : `run ${runId}: ${found}`];
  return [
    found,
    `asking for what is due: ${due} requests, at most ${bytes} bytes by the sizes known`,
    `a full recheck: ${fullRequests} requests, at most ${fullBytes} bytes, ${fullHosts} hosts`,
  ];
}
