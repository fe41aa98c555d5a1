import { Command } from 'commander';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { confirm } from '../context/confirm.ts';
import { addPortalOptions, loadPortal, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';

/** `migrate up|down`: the tables alone. Starting the plugin migrates up by itself. */
export function migrateCommand(context: CommandContext): Command {
  const up = new Command('up').description('Brings the tables to the newest state.').action(move('up', context));
  const down = new Command('down')
    .description("Takes the archiver's tables and columns away; never what the portal owned before.")
    .option('--yes', 'do not ask')
    .action(move('down', context));
  const command = new Command('migrate').description("The archiver's tables.");
  for (const inner of [up, down]) command.addCommand(addPortalOptions(inner));
  return command;
}

const move =
  (direction: 'up' | 'down', context: CommandContext) =>
  async (options: PortalOptions & { readonly yes?: true }): Promise<void> => {
    if (direction === 'down') await confirm("This drops the archiver's tables and all it knows.", options, context);
    const { portal, close } = await loadPortal(options, context);
    try {
      const { migrateDatabase } = await import('../../wiring/migrateDatabase.ts');
      const config = loadConfig({ environment: context.environment, settings: portal.settings });
      await migrateDatabase(config, portal.database, direction);
    } finally {
      await close();
    }
    print(context, options, { json: { migrated: direction }, lines: [`migrated ${direction}`] });
  };
