import type { SettingKind } from './settingKinds.ts';

/** What a setting belongs to, for the order of reports and tables. */
export type SettingGroup = 'database' | 'queue' | 'store' | 'fetch' | 'schedule' | 'hosts' | 'operation';

/** One line of the settings table: its key is the setting's name. */
export interface Setting<Value> {
  readonly environment: string;
  readonly group: SettingGroup;
  /** What a given value is checked and read with; the default may lie outside (null: not set). */
  readonly kind: SettingKind<NonNullable<Value>>;
  readonly default: Value;
  readonly description: string;
  /** Never shown, in no report and no message. */
  readonly secret?: boolean;
}
