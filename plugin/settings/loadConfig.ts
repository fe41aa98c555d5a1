import { resolve, sep } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { ArchiverError } from '../errors.ts';
import type { Config } from './Config.ts';
import { missingLibraries } from './optionalLibraries.ts';
import type { Setting } from './Setting.ts';
import { isServiceLink } from './serviceLinks.ts';
import type { Parsed } from './settingKinds.ts';
import { SETTING_NAMES, SETTINGS } from './settingsTable.ts';
import { STORE_PLACES, type StorePlace } from './storePlaces.ts';

/** Where settings come from; the environment wins. A variable with an empty text is not set, where empty means nothing. */
export interface SettingSources {
  /** Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** As the operator wrote them in the host, by the names of {@link Config}. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What else is wrong, one sentence each, for the same report. */
  readonly errors?: readonly string[];
}

/**
 * Reads, checks and freezes all settings. Throws one `ArchiverError('settings-invalid')` that reports everything wrong:
 * each setting's name, what is wrong, what is accepted. Values of secret settings are never repeated.
 */
export function loadConfig(sources: SettingSources = {}): Config {
  const { environment = process.env, settings = {}, errors = [] } = sources;
  const wrongs = [...unknownVariables(environment), ...unknownSettings(settings)];
  const values: Partial<Record<keyof Config, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const parsed = readSetting(name, environment[SETTINGS[name].environment], settings[name]);
    if ('wrong' in parsed) wrongs.push(parsed.wrong);
    else values[name] = parsed.value;
  }
  wrongs.push(...conflicts(values), ...errors);
  if (wrongs.length === 0 && isComplete(values)) return deepFreeze(structuredClone(values));
  const count = wrongs.length === 1 ? '1 setting is wrong' : `${wrongs.length} settings are wrong`;
  throw new ArchiverError('settings-invalid', `${count}:\n${wrongs.map((wrong) => `- ${wrong}`).join('\n')}`);
}

/** Who set a setting: the environment, the portal, or nobody. */
export type SettingSource = 'environment' | 'portal' | 'default';

/** Where the value of a setting comes from. */
export function sourceOf(
  name: keyof Config,
  { environment = process.env, settings = {} }: SettingSources,
): SettingSource {
  if (isGiven(SETTINGS[name], environment[SETTINGS[name].environment]?.trim())) return 'environment';
  const given = settings[name];
  return given === undefined || given === null ? 'default' : 'portal';
}

/** A variable with an empty text is not set, where empty means nothing. */
const isGiven = ({ kind }: Setting<unknown>, trimmed: string | undefined): trimmed is string =>
  trimmed !== undefined && (trimmed !== '' || kind.emptyCounts === true);

function readSetting(name: keyof Config, variable: string | undefined, given: unknown): Parsed<unknown> {
  const setting: Setting<unknown> = SETTINGS[name];
  const trimmed = variable?.trim();
  const raw = isGiven(setting, trimmed) ? trimmed : given;
  if (raw === undefined || raw === null) return { value: setting.default };
  const parsed = setting.kind.parse(raw);
  if ('value' in parsed) return parsed;
  const shown = setting.secret ? 'has a value' : `is ${JSON.stringify(raw)}`;
  const wrong = parsed.wrong || 'is not accepted';
  return { wrong: `${setting.environment} (${name}) ${shown}, which ${wrong}; accepted: ${setting.kind.accepted}.` };
}

const isComplete = (values: Partial<Record<keyof Config, unknown>>): values is Config =>
  SETTING_NAMES.every((name) => name in values);

/** What other programs beside this one read under our prefix. */
const FOREIGN = /^ARCHIVER_(TEST_|REQUIRE_|PORTAL$|PORTAL_URL$)/;

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known: readonly string[] = SETTING_NAMES.map((name) => SETTINGS[name].environment);
  return Object.keys(environment)
    .filter((variable) => variable.startsWith('ARCHIVER_') && !FOREIGN.test(variable) && !known.includes(variable))
    .filter((variable) => !isServiceLink(variable, environment))
    .map((variable) => unknown(variable, known));
}

const unknownSettings = (settings: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(settings)
    .filter((name) => !SETTING_NAMES.some((known) => known === name))
    .map((name) => unknown(name, SETTING_NAMES));

/** Proposes the nearest name, unless it has little to do with the one that was written. */
function unknown(name: string, known: readonly string[]): string {
  const nearest = closest(name, known);
  const isNear = distance(name, nearest) <= Math.max(2, name.length / 4);
  return isNear ? `${name} is no setting; did you mean ${nearest}?` : `${name} is no setting.`;
}

/** What settings, each right in itself, may not be together. */
function conflicts(values: Partial<Record<keyof Config, unknown>>): string[] {
  const { minCheckIntervalMs, maxCheckIntervalMs } = values;
  const found: string[] = [];
  if (Number(minCheckIntervalMs) > Number(maxCheckIntervalMs)) {
    found.push(
      `ARCHIVER_MIN_CHECK_INTERVAL_MS (minCheckIntervalMs) is ${minCheckIntervalMs}, more than ` +
        `ARCHIVER_MAX_CHECK_INTERVAL_MS (maxCheckIntervalMs), which is ${maxCheckIntervalMs}.`,
    );
  }
  if (values.taskAudience && !values.taskServiceAccount) {
    found.push(`${nameOf('taskAudience')} is set, which needs ${nameOf('taskServiceAccount')}.`);
  }
  return [...found, ...mailConflicts(values), ...placeConflicts(values), ...missingLibraries(values)];
}

/** Mail needs a server and a sender. */
function mailConflicts({ mailSmtpUrl, mailFrom }: Partial<Record<keyof Config, unknown>>): string[] {
  if (Boolean(mailSmtpUrl) === Boolean(mailFrom)) return [];
  const [given, missing] = mailSmtpUrl
    ? (['mailSmtpUrl', 'mailFrom'] as const)
    : (['mailFrom', 'mailSmtpUrl'] as const);
  return [`${nameOf(given)} is set, which needs ${nameOf(missing)}.`];
}

/** A store needs its place; where copies are public, those of private datasets must lie elsewhere. */
function placeConflicts(values: Partial<Record<keyof Config, unknown>>): string[] {
  const { store, publicCopiesUrl } = values;
  const place = placeOf(store);
  if (!place) return [];
  const { open, hidden, needed } = place;
  const given = needed.filter((name) => values[name] !== null);
  if (needed.length > 0 && given.length === 0) {
    return [`ARCHIVER_STORE (store) is ${JSON.stringify(store)}, which needs ${needed.map(nameOf).join(' or ')}.`];
  }
  if (given.length > 1) return [`${given.map(nameOf).join(' and ')} are set, which exclude each other.`];
  if (isInside(values[hidden], values[open], store !== 'folder')) {
    return [`${nameOf(hidden)} is where the other copies lie, too.`];
  }
  if ((publicCopiesUrl ?? null) === null || (values[hidden] ?? null) !== null) return [];
  return [
    `ARCHIVER_PUBLIC_COPIES_URL (publicCopiesUrl) is set, so the copies of private datasets need ${nameOf(hidden)}.`,
  ];
}

const nameOf = (name: keyof Config): string => `${SETTINGS[name].environment} (${name})`;

/** null: the choice itself is wrong, and told as such. */
const placeOf = (store: unknown): StorePlace | null =>
  Object.entries(STORE_PLACES).find(([name]) => name === store)?.[1] ?? null;

/** A folder below a public one is public too. */
function isInside(hidden: unknown, open: unknown, isExact: boolean): boolean {
  if (typeof hidden !== 'string' || typeof open !== 'string') return false;
  return isExact ? hidden === open : `${resolve(hidden)}${sep}`.startsWith(`${resolve(open)}${sep}`);
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
