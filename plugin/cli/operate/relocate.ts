import { Command } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, namesPortal, type PortalOptions, portalUrl } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

/** `relocate`: the portal's addresses of copies follow a change of `site`, `archiverUrl` or the public place. */
export function relocateCommand(context: CommandContext): Command {
  const command = new Command('relocate')
    .description(
      'Rewrites the addresses of copies in the portal after its own address, or that of public copies, changed.',
    )
    .option('--dry-run', 'only say how many would be rewritten');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly dryRun?: true }) => {
    if (!namesPortal(options, context) && portalUrl(options, context) === null)
      throw new ArchiverError(
        'invalid-request',
        'What is written begins with the portal’s URL: give --portal or --portal-url.',
      );
    await withArchiver(options, context, async ({ archive }) => {
      const relocation = await archive.relocate({ dryRun: options.dryRun ?? false });
      const { dryRun, from, to, checked, moved, refused, refusals } = relocation;
      const verb = dryRun ? 'would be rewritten' : 'were rewritten';
      print(context, options, {
        json: relocation,
        lines: [
          `${moved} of ${checked} resources ${verb} to ${to.join(' and ')}`,
          ...from.map((url) => `earlier address: ${url}`),
          ...(refused > 0 ? [`${refused} resources keep what they had, for the portal's own table refuses them:`] : []),
          ...refusals.map(({ resourceId, reason }) => `  ${resourceId}: ${reason}`),
          ...(refused > refusals.length ? [`  … and ${refused - refusals.length} more`] : []),
        ],
      });
      if (refused > 0) context.setExitCode(1);
    });
  });
}
