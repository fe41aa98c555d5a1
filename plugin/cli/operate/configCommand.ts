import { Command } from 'commander';
import { describeConfig, settingText } from '../../settings/describeConfig.ts';
import { loadConfig, type SettingSources } from '../../settings/loadConfig.ts';
import { portalErrors } from '../../wiring/portalErrors.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, loadPortal, namesPortal, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';

type CheckOptions = PortalOptions & { readonly connect?: true };

/** `config check`: reads all settings as any command would, and shows them without their secrets; or tries where they lead. */
export function configCommand(context: CommandContext): Command {
  const check = new Command('check')
    .description('Checks the settings and shows them; ends with 2 when one is wrong.')
    .option('--connect', 'try database, rights, clock, queue and store; ends with 1 when one is not as it should be')
    .action((options: CheckOptions) => (options.connect ? connect(options, context) : show(options, context)));
  return new Command('config').description('Looks at the settings.').addCommand(addPortalOptions(check));
}

async function show(options: PortalOptions, context: CommandContext): Promise<void> {
  const settings = describeConfig(
    loadConfig({ environment: context.environment, ...(await portalSettings(options, context)) }),
  );
  print(context, options, {
    json: { ok: true, settings },
    lines: columns(settings.map((one) => [one.environment, one.isDefault ? 'default' : 'set', settingText(one.value)])),
  });
}

async function connect(options: PortalOptions, context: CommandContext): Promise<void> {
  const { portal, close } = await loadPortal(options, context);
  try {
    const settings = { ...(portal.settings && { settings: portal.settings }), errors: portalErrors(portal) };
    const config = loadConfig({ environment: context.environment, ...settings });
    const { checkConnections } = await import('../../wiring/checks/checkConnections.ts');
    const checks = await checkConnections(config, portal);
    const ok = checks.every((one) => one.ok);
    print(context, options, {
      json: { ok, settings: describeConfig(config), checks },
      lines: columns(checks.map((one) => [one.ok ? 'ok' : 'NOT OK', one.name, one.detail])),
    });
    if (!ok) context.setExitCode(1);
  } finally {
    await close();
  }
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
