import { Command } from 'commander';
import type { CommandContext } from '../context/CommandContext.ts';
import { confirm } from '../context/confirm.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

/** `uninstall`: drops what is ours in the database, after asking; the copies stay, and are listed. */
export function uninstallCommand(context: CommandContext): Command {
  const command = new Command('uninstall')
    .description("Drops the archiver's tables and columns; lists the copies that stay in the store.")
    .option('--yes', 'do not ask');
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly yes?: true }) => {
    await confirm("This drops the archiver's tables and all it knows; the copies stay.", options, context);
    await withArchiver(options, context, async (archiver) => {
      const { copies } = await archiver.uninstall();
      print(context, options, { json: { copies }, lines: [`${copies.length} copies stay in the store:`, ...copies] });
    });
  });
}
