import { Command } from 'commander';
import type { CommandContext } from './CommandContext.ts';
import { addPortalOptions, type PortalOptions } from './loadPortal.ts';
import { columns, print } from './print.ts';
import { withArchiver } from './withArchiver.ts';

/** `sweep`: one search for what is missing, changed or due, now. */
export function sweepCommand(context: CommandContext): Command {
  const command = new Command('sweep')
    .description('Looks for what is missing, changed or due, and hands it to the queue.')
    .option('--dry-run', 'only say what it would cost');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly dryRun?: true }) => {
    const dryRun = options.dryRun ?? false;
    await withArchiver(options, context, async (archiver) => {
      const report = await archiver.operations().sweep({ dryRun });
      print(context, options, { json: { dryRun, ...report }, lines: columns(Object.entries(report)) });
    });
  });
}
