import { closest } from 'fastest-levenshtein';
import { ArchiverError } from '../errors.ts';
import type { AllowedNetwork, DnsServer, HostSettings, PortRange, WebhookTarget } from '../model/settings.ts';
import type { Setting } from './Setting.ts';
import type { Parsed } from './settingKinds.ts';
import { SETTING_NAMES, SETTINGS } from './settingsTable.ts';

/** Every setting, checked and frozen. Units are in the names: `…Ms` milliseconds, `…Bytes` bytes. Environment names in brackets. */
export interface Config {
  /** [DATABASE_URL] */ readonly databaseUrl: string | null;
  /** [ARCHIVER_SCHEMA] PostgreSQL schema of our own tables. */ readonly schema: string;
  /** [ARCHIVER_RESOURCE_TABLE] */ readonly resourceTable: string;
  /** [ARCHIVER_RESOURCE_ID_COLUMN] */ readonly resourceIdColumn: string;
  /** [ARCHIVER_RESOURCE_DATASET_COLUMN] */ readonly resourceDatasetColumn: string;
  /** [ARCHIVER_RESOURCE_URL_COLUMN] */ readonly resourceUrlColumn: string;

  /** [ARCHIVER_MONGODB_URL] */ readonly mongodbUrl: string | null;
  /** [ARCHIVER_QUEUE_NAME] Collection or table prefix of Agenda's jobs. */ readonly queueName: string;
  /** [ARCHIVER_QUEUE_POLL_MS] */ readonly queuePollMs: number;
  /** [ARCHIVER_CONCURRENCY] Archivals at once in one process. */ readonly concurrency: number;
  /** [ARCHIVER_THREADS] Worker threads of the bulk lane; 0: one a core. */ readonly threads: number;
  /** [ARCHIVER_LEASE_MS] */ readonly leaseMs: number;
  /** [ARCHIVER_RETRY_DELAYS_MS] At most three. */ readonly retryDelaysMs: readonly number[];
  /** [ARCHIVER_STOP_DEADLINE_MS] */ readonly stopDeadlineMs: number;

  /** [ARCHIVER_STORE] */ readonly store: 'folder' | 'azure';
  /** [ARCHIVER_FOLDER] */ readonly folder: string;
  /** [AZURE_STORAGE_CONNECTION_STRING] */ readonly azureConnectionString: string | null;
  /** [ARCHIVER_AZURE_CONTAINER] */ readonly azureContainer: string;
  /** [ARCHIVER_PUBLIC_COPIES_URL] Base of cache_url when the container is public; null: our own routes. */ readonly publicCopiesUrl:
    | string
    | null;
  /** [ARCHIVER_DELETE_POLICY] What happens to copies of a deleted resource. */ readonly deletePolicy:
    | 'keep'
    | 'remove';

  /** [ARCHIVER_MAX_BYTES] */ readonly maxBytes: number;
  /** [ARCHIVER_MAX_DECODED_RATIO] Decoded bytes for each encoded byte before a body counts as a bomb. */ readonly maxDecodedRatio: number;
  /** [ARCHIVER_ALLOW_NETWORKS] */ readonly allowNetworks: readonly AllowedNetwork[];
  /** [ARCHIVER_PORTS] `80,443,1024-65535` */ readonly ports: readonly PortRange[];
  /** [ARCHIVER_BLOCKED_PORTS] */ readonly blockedPorts: readonly PortRange[];
  /** [ARCHIVER_EXCLUDE_HOSTS] Hosts never asked, `*.example.org` covers subdomains. */ readonly excludeHosts: readonly string[];
  /** [ARCHIVER_CONNECT_TIMEOUT_MS] */ readonly connectTimeoutMs: number;
  /** [ARCHIVER_FIRST_BYTE_TIMEOUT_MS] */ readonly firstByteTimeoutMs: number;
  /** [ARCHIVER_IDLE_TIMEOUT_MS] */ readonly idleTimeoutMs: number;
  /** [ARCHIVER_TOTAL_TIMEOUT_MS] */ readonly totalTimeoutMs: number;
  /** [ARCHIVER_MIN_BYTES_PER_SECOND] 0 turns it off. */ readonly minBytesPerSecond: number;
  /** [ARCHIVER_MIN_SPEED_WINDOW_MS] */ readonly minSpeedWindowMs: number;
  /** [ARCHIVER_MAX_REDIRECTS] */ readonly maxRedirects: number;
  /** [ARCHIVER_RETRY_AFTER_MAX_MS] */ readonly retryAfterMaxMs: number;
  /** [ARCHIVER_VERIFY_SHARE] 0 to 1. */ readonly verifyShare: number;
  /** [ARCHIVER_MAX_FRESHNESS_MS] */ readonly maxFreshnessMs: number;
  /** [ARCHIVER_MAX_HEURISTIC_FRESHNESS_MS] */ readonly maxHeuristicFreshnessMs: number;
  /** [ARCHIVER_DNS_SERVERS] Empty: the system's. */ readonly dnsServers: readonly DnsServer[];
  /** [ARCHIVER_DNS_TIMEOUT_MS] */ readonly dnsTimeoutMs: number;
  /** [ARCHIVER_HOSTS_FILE] Also look names up in the hosts file. */ readonly hostsFile: boolean;
  /** [ARCHIVER_CONTACT] E-mail address or URL in the User-Agent. */ readonly contact: string | null;
  /** [ARCHIVER_VERIFY_TLS] */ readonly verifyTls: boolean;
  /** [ARCHIVER_PROXY] */ readonly proxy: string | null;
  /** [ARCHIVER_PROXY_FROM_ENVIRONMENT] Obey HTTP_PROXY and relatives. */ readonly proxyFromEnvironment: boolean;
  /** [ARCHIVER_HOSTS] JSON object: host → what is special about it. */ readonly hosts: Readonly<
    Record<string, HostSettings>
  >;

  /** [ARCHIVER_SWEEP_CRON] Empty: no sweeps. */ readonly sweepCron: string;
  /** [ARCHIVER_MIN_CHECK_INTERVAL_MS] */ readonly minCheckIntervalMs: number;
  /** [ARCHIVER_MAX_CHECK_INTERVAL_MS] */ readonly maxCheckIntervalMs: number;
  /** [ARCHIVER_CONFIRM_FAILURES] Failures in a row before a link is called broken in public. */ readonly confirmFailures: number;
  /** [ARCHIVER_HOST_REQUESTS_PER_SECOND] */ readonly hostRequestsPerSecond: number;
  /** [ARCHIVER_HOST_BURST] */ readonly hostBurst: number;
  /** [ARCHIVER_HOST_CONCURRENCY] */ readonly hostConcurrency: number;
  /** [ARCHIVER_HOST_BYTES_PER_DAY] 0: no limit. */ readonly hostBytesPerDay: number;
  /** [ARCHIVER_HOST_GAP_FACTOR] */ readonly hostGapFactor: number;
  /** [ARCHIVER_QUIET_HOURS] UTC, `8-18`; empty: none. */ readonly quietHours: readonly [number, number] | null;

  /** [ARCHIVER_WEBHOOKS] JSON list. */ readonly webhooks: readonly WebhookTarget[];
  /** [ARCHIVER_MIN_FREE_BYTES] */ readonly minFreeBytes: number;
  /** [ARCHIVER_MAX_MEMORY_BYTES] Resident size at which the bulk lane pauses; 0: no limit. */ readonly maxMemoryBytes: number;
  /** [ARCHIVER_HEALTH_MAX_IDLE_MS] Readiness fails when work waited and nothing ended for so long. */ readonly healthMaxIdleMs: number;
  /** [ARCHIVER_HEALTH_MAX_BACKLOG_MS] Readiness fails when the oldest due resource waits longer. */ readonly healthMaxBacklogMs: number;
}

/** Where settings come from; the environment wins. A variable with an empty text is not set, where empty means nothing. */
export interface SettingSources {
  /** Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** As the operator wrote them in the host, by the names of {@link Config}. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * Reads, checks and freezes all settings. Throws one `ArchiverError('settings-invalid')` that reports everything wrong:
 * each setting's name, what is wrong, what is accepted. Values of secret settings are never repeated.
 */
export function loadConfig({ environment = process.env, settings = {} }: SettingSources = {}): Config {
  const wrongs = [...unknownVariables(environment), ...unknownSettings(settings)];
  const values: Partial<Record<keyof Config, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const parsed = readSetting(name, environment[SETTINGS[name].environment], settings[name]);
    if ('wrong' in parsed) wrongs.push(parsed.wrong);
    else values[name] = parsed.value;
  }
  wrongs.push(...conflicts(values));
  if (wrongs.length === 0 && isComplete(values)) return deepFreeze(structuredClone(values));
  const count = wrongs.length === 1 ? '1 setting is wrong' : `${wrongs.length} settings are wrong`;
  throw new ArchiverError('settings-invalid', `${count}:\n${wrongs.map((wrong) => `- ${wrong}`).join('\n')}`);
}

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** HTTP_PROXY and its relatives, in either case; they count only where `proxyFromEnvironment` is set. */
export function proxyVariables(
  environment: NonNullable<SettingSources['environment']> = process.env,
): Readonly<Record<string, string | undefined>> {
  const names = PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}

function readSetting(name: keyof Config, variable: string | undefined, given: unknown): Parsed<unknown> {
  const setting: Setting<unknown> = SETTINGS[name];
  const trimmed = variable?.trim();
  const fromEnvironment = trimmed !== undefined && (trimmed !== '' || setting.kind.emptyCounts === true);
  const raw = fromEnvironment ? trimmed : given;
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
  const known = SETTING_NAMES.map((name) => SETTINGS[name].environment);
  return Object.keys(environment)
    .filter((variable) => variable.startsWith('ARCHIVER_') && !FOREIGN.test(variable) && !known.includes(variable))
    .map((variable) => unknown(variable, known));
}

const unknownSettings = (settings: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(settings)
    .filter((name) => !SETTING_NAMES.some((known) => known === name))
    .map((name) => unknown(name, SETTING_NAMES));

const unknown = (name: string, known: readonly string[]): string =>
  `${name} is no setting; did you mean ${closest(name, known)}?`;

/** What settings, each right in itself, may not be together. */
function conflicts(values: Partial<Record<keyof Config, unknown>>): string[] {
  const { store, azureConnectionString, minCheckIntervalMs, maxCheckIntervalMs } = values;
  const found: string[] = [];
  if (store === 'azure' && azureConnectionString === null) {
    found.push(
      'ARCHIVER_STORE (store) is "azure", which needs AZURE_STORAGE_CONNECTION_STRING (azureConnectionString).',
    );
  }
  if (Number(minCheckIntervalMs) > Number(maxCheckIntervalMs)) {
    found.push(
      `ARCHIVER_MIN_CHECK_INTERVAL_MS (minCheckIntervalMs) is ${minCheckIntervalMs}, more than ` +
        `ARCHIVER_MAX_CHECK_INTERVAL_MS (maxCheckIntervalMs), which is ${maxCheckIntervalMs}.`,
    );
  }
  return found;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
