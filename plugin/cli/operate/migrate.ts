import { Command } from 'commander';
import type { Portal } from '../../portal/Portal.ts';
import type { Config } from '../../settings/Config.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { confirm } from '../context/confirm.ts';
import { addPortalOptions, loadPortal, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { addWaitOptions, type WaitOptions, waitingBy } from '../context/waitOptions.ts';

/** `migrate up|down`: the tables alone. Starting the plugin migrates up by itself. */
export function migrateCommand(context: CommandContext): Command {
  const up = new Command('up').description('Brings the tables to the newest state.').action((options: PortalOptions) =>
    migrated('up', options, context, async (config, portal) => {
      const { migrateUp } = await import('../../wiring/migrateDatabase.ts');
      await migrateUp(config, portal, context.signal);
    }),
  );
  const down = addWaitOptions(new Command('down'))
    .description("Takes the archiver's tables and columns away; never what the portal owned before.")
    .option('--yes', 'do not ask')
    .action(async (options: PortalOptions & WaitOptions & { readonly yes?: true }) => {
      await confirm("This drops the archiver's tables and all it knows.", options, context);
      await migrated('down', options, context, async (config, portal) => {
        const { migrateDown } = await import('../../wiring/migrateDatabase.ts');
        await migrateDown(config, portal, waitingBy(options, context));
      });
    });
  const command = new Command('migrate').description("The archiver's tables.");
  for (const inner of [up, down]) command.addCommand(addPortalOptions(inner));
  return command;
}

async function migrated(
  direction: 'up' | 'down',
  options: PortalOptions,
  context: CommandContext,
  move: (config: Config, portal: Portal) => Promise<void>,
): Promise<void> {
  const { portal, close } = await loadPortal(options, context);
  try {
    await move(loadConfig({ environment: context.environment, settings: portal.settings }), portal);
  } finally {
    await close();
  }
  print(context, options, { json: { migrated: direction }, lines: [`migrated ${direction}`] });
}
