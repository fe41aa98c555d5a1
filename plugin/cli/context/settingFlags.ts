import { type Command, Option } from 'commander';
import type { Config } from '../../settings/Config.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import { SETTINGS } from '../../settings/settingsTable.ts';
import type { CommandContext } from './CommandContext.ts';

/** `ARCHIVER_MAX_BYTES` → `--max-bytes` */
const flagOf = (name: keyof Config): string =>
  SETTINGS[name].environment
    .replace(/^ARCHIVER_/, '')
    .toLowerCase()
    .replaceAll('_', '-');

/** Gives a command a flag for each of these settings; a flag wins over its variable. */
export function addSettingFlags(command: Command, names: readonly (keyof Config)[]): void {
  for (const name of names) {
    const { kind, description } = SETTINGS[name];
    const value = kind.name === 'boolean' ? '[value]' : '<value>';
    const option = new Option(`--${flagOf(name)} ${value}`, `${description} Accepted: ${kind.accepted}.`);
    command.addOption(kind.name === 'boolean' ? option.preset('true') : option);
  }
}

/** The settings with the flags laid over the environment. Throws `ArchiverError('settings-invalid')`. */
export function configOf(command: Command, names: readonly (keyof Config)[], context: CommandContext): Config {
  const environment = { ...context.environment };
  const options: Readonly<Record<string, unknown>> = command.opts();
  for (const name of names) {
    const given = options[new Option(`--${flagOf(name)} <value>`).attributeName()];
    if (typeof given === 'string') environment[SETTINGS[name].environment] = given;
  }
  return loadConfig({ environment });
}
