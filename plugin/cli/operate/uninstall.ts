import { Command } from 'commander';
import type { Uninstalled } from '../../Archiver.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { confirm } from '../context/confirm.ts';
import { addPortalOptions, loadPortal, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { addWaitOptions, type WaitOptions, waitingBy } from '../context/waitOptions.ts';

const DANGER =
  "This drops the archiver's tables and queue and all it knows; the copies stay. Its processes elsewhere stop for it.";

/** `uninstall`: drops what is ours in the database and the queue, after asking; the copies stay, and are listed. */
export function uninstallCommand(context: CommandContext): Command {
  const command = addWaitOptions(new Command('uninstall'))
    .description("Drops the archiver's tables, columns and queue; lists the copies that stay, and where they are.")
    .option('--yes', 'do not ask');
  return addPortalOptions(command).action(async (options: PortalOptions & WaitOptions & { readonly yes?: true }) => {
    await confirm(DANGER, options, context);
    const { portal, close } = await loadPortal(options, context);
    try {
      const { createArchiver } = await import('../../plugin.ts');
      const archiver = createArchiver({ environment: context.environment });
      archiver.register(portal);
      const gone = await archiver.uninstall(waitingBy(options, context));
      print(context, options, { json: gone, lines: leftLines(gone) });
      if (gone.left.length > 0) context.setExitCode(1);
    } finally {
      await close();
    }
  });
}

const leftLines = ({ copies, places, left }: Uninstalled): string[] => [
  `${copies.length} ${copies.length === 1 ? 'copy stays' : 'copies stay'} in ${places.join(' and ')}:`,
  ...copies,
  ...left,
];
