import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { describeConfig, settingText } from '../describeConfig.ts';
import type { CommandContext } from './CommandContext.ts';

/** `config check`: reads all settings as any command would, and shows them without their secrets. */
export function configCommand(context: CommandContext): Command {
  const check = new Command('check')
    .description('Checks the settings of the environment and shows them; ends with 2 when one is wrong.')
    .option('--json', 'print them as JSON')
    .action((options: { readonly json?: true }) => {
      const settings = describeConfig(loadConfig({ environment: context.environment }));
      context.output.write(
        options.json
          ? `${JSON.stringify({ ok: true, settings })}\n`
          : settings
              .map((one) => `${one.environment}=${settingText(one.value)}${one.isDefault ? '' : '  (set)'}\n`)
              .join(''),
      );
    });
  return new Command('config').description('Looks at the settings.').addCommand(check);
}
