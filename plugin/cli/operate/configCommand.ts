import { Command } from 'commander';
import { describeConfig, settingText } from '../../settings/describeConfig.ts';
import { loadConfig, type SettingSources } from '../../settings/loadConfig.ts';
import { portalErrors } from '../../wiring/portalErrors.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, loadPortal, namesPortal, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';

/** `config check`: reads all settings as any command would, and shows them without their secrets. */
export function configCommand(context: CommandContext): Command {
  const check = new Command('check')
    .description('Checks the settings and shows them; ends with 2 when one is wrong.')
    .action(async (options: PortalOptions) => {
      const settings = describeConfig(
        loadConfig({ environment: context.environment, ...(await portalSettings(options, context)) }),
      );
      print(context, options, {
        json: { ok: true, settings },
        lines: columns(
          settings.map((one) => [one.environment, one.isDefault ? 'default' : 'set', settingText(one.value)]),
        ),
      });
    });
  return new Command('config').description('Looks at the settings.').addCommand(addPortalOptions(check));
}

/** Those of the portal, where one is named; the environment's alone need no portal. */
async function portalSettings(
  options: PortalOptions,
  context: CommandContext,
): Promise<Pick<SettingSources, 'settings' | 'errors'>> {
  if (!namesPortal(options, context)) return {};
  const { portal, close } = await loadPortal(options, context);
  await close();
  return { ...(portal.settings && { settings: portal.settings }), errors: portalErrors(portal) };
}
