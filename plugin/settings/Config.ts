import type { SettingKind } from './settingKinds.ts';
import type { SETTINGS } from './settingsTable.ts';

/** What a line of the table is read as; null where that is the default: not set. A default of another type is `never`. */
type ValueOf<Line> = Line extends { readonly kind: SettingKind<infer Value>; readonly default: infer Default }
  ? Default extends Value
    ? Value
    : Default extends null
      ? Value | null
      : never
  : never;

/** Every setting, checked and frozen, as the settings table declares it. Units are in the names: `…Ms`, `…Bytes`. */
export type Config = { readonly [Name in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Name]> };
