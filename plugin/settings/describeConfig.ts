import { isDeepStrictEqual } from 'node:util';
import type { Config } from './Config.ts';
import { type SettingSource, type SettingSources, sourceOf } from './loadConfig.ts';
import type { Setting, SettingGroup } from './Setting.ts';
import { SETTING_NAMES, SETTINGS } from './settingsTable.ts';

/** One setting as it may be shown. */
export interface SettingView {
  readonly name: keyof Config;
  readonly environment: string;
  /** `(set)` in place of a secret. */
  readonly value: unknown;
  readonly isDefault: boolean;
}

/** The settings as they may be shown: on a terminal, in a report of a fault. */
export function describeConfig(config: Config): readonly SettingView[] {
  return SETTING_NAMES.map((name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const isDefault = isDeepStrictEqual(config[name], setting.default);
    const value = setting.secret && !isDefault ? '(set)' : config[name];
    return { name, environment: setting.environment, value, isDefault };
  });
}

/** One setting, and where it was set. */
export interface SettingInForce extends SettingView {
  readonly source: SettingSource;
  readonly group: SettingGroup;
  /** The value in the spelling of the environment; a secret is not in it. */
  readonly text: string;
  readonly description: string;
}

/** The settings as they may be shown, with where each comes from. `config` is what was read of `sources`. */
export function settingsInForce(config: Config, sources: SettingSources): readonly SettingInForce[] {
  return describeConfig(config).map((view) => {
    const { group, description }: Setting<unknown> = SETTINGS[view.name];
    return { ...view, source: sourceOf(view.name, sources), group, text: settingText(view.value), description };
  });
}

/** JSON Schema of the settings as a host writes them; the `settings` of `plugin.json`. */
export function settingsSchema(): Readonly<Record<string, unknown>> {
  const properties = SETTING_NAMES.map((name) => {
    const { environment, kind, default: fallback, description, secret }: Setting<unknown> = SETTINGS[name];
    const shown = { description, environment, accepted: kind.accepted, default: asWritten(fallback) };
    return [name, { ...kind.schema, ...shown, ...(secret ? { secret } : {}) }];
  });
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

/** As a host writes it: a range of ports is a text there. */
const asWritten = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((one) => (typeof one === 'object' ? settingText(one) : one)) : value;

/** The settings as a table in Markdown; that of the README. */
export function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const { environment, kind, default: fallback, description }: Setting<unknown> = SETTINGS[name];
    const cells = [`\`${environment}\``, `\`${name}\``, kind.accepted, settingText(fallback), description];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| variable | setting | accepted | default | what for |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** A value in the spelling of the environment. */
export function settingText(value: unknown): string {
  if (value === null || value === '') return '';
  if (Array.isArray(value)) return value.map(settingText).join(',');
  if (typeof value !== 'object') return String(value);
  if ('from' in value && 'to' in value) return value.from === value.to ? `${value.from}` : `${value.from}-${value.to}`;
  return JSON.stringify(value);
}
