import { Command } from 'commander';
import type { CommandContext } from '../context/CommandContext.ts';
import { confirm } from '../context/confirm.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

const DANGER =
  'From now on this database alone may remove copies from the store. Another one that uses it keeps to reading.';

/** `adopt-store`: makes the store this database's own, and records the copies in it that no record names. */
export function adoptStoreCommand(context: CommandContext): Command {
  const command = new Command('adopt-store')
    .description(
      'Makes the store this database’s own, after a restore or a move, and finds copies that no record names.',
    )
    .option('--yes', 'do not ask');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly yes?: true }) => {
    await confirm(DANGER, options, context);
    await withArchiver(options, context, async (archiver) => {
      const adopted = await archiver.archive.adoptStore();
      const { recovered, due, left } = adopted;
      print(context, options, {
        json: adopted,
        lines: [
          'The store belongs to this database.',
          `copies recorded again: ${recovered}`,
          `resources whose newest copy the next check compares: ${due}`,
          `copies of resources that the portal does not have: ${left}`,
        ],
      });
    });
  });
}
