import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { MirrorOptions } from '../../mirror/MirrorOptions.ts';
import type { MirrorFilters } from '../../portal/ckan/matchingDatasets.ts';
import type { ServerAddress } from '../../show/openServer.ts';
import type { CommandContext } from '../context/CommandContext.ts';

/** What `ckan` was called with. */
export interface CkanOptions {
  readonly to?: string;
  readonly json?: true;
  readonly limit?: number;
  readonly dataset?: readonly string[];
  readonly organization?: string;
  readonly query?: string;
  readonly dryRun?: true;
  readonly checkOnly?: true;
  readonly token?: string;
  /** Milliseconds; true: the default. */
  readonly watch?: number | true;
  readonly writeBack?: true;
  /** true: the default. */
  readonly serve?: ServerAddress | true;
}

const DEFAULT_WATCH_MS = 3_600_000;
const DEFAULT_ADDRESS: ServerAddress = { host: '127.0.0.1', port: 3000 };

/** Gives the command its argument and its options. */
export function addCkanOptions(command: Command): Command {
  return command
    .argument('<site>', 'URL of the portal')
    .option('--to <folder>', 'folder of the mirror; needed unless --dry-run')
    .option('--limit <datasets>', 'that many datasets at most', wholeNumber)
    .option('--dataset <name>', 'this dataset alone, by name or id; may be repeated', collected)
    .option('--organization <name>', 'datasets of this organization')
    .option('--query <filter>', 'datasets that a Solr filter lets through (fq of package_search)')
    .option('--dry-run', 'list only: nothing is written, no publisher is asked')
    .option('--check-only', 'only check whether the links work: nothing is kept')
    .addOption(new Option('--token <token>', 'API token of the portal (variable CKAN_API_TOKEN)'))
    .option('--watch [interval]', 'run again after each interval, such as 30m, 6h or 1d (default: 1h)', interval)
    .option('--write-back', 'tell the portal where the copies are (needs a token and ARCHIVER_PUBLIC_COPIES_URL)')
    .option(
      '--serve [address]',
      'serve our routes over the mirror, at a port or host:port (default: 127.0.0.1:3000)',
      serveAddress,
    )
    .option('--json', 'print JSON: one object at the end of each run');
}

/** What the mirror is asked to be, without what is served. Throws `ArchiverError('invalid-request')`. */
export function mirrorOptionsOf(site: string, options: CkanOptions, context: CommandContext): MirrorOptions {
  const { to, dryRun, checkOnly = false, token = context.environment.CKAN_API_TOKEN } = options;
  if (to === undefined && !dryRun)
    throw new ArchiverError('invalid-request', 'Name the folder of the mirror: --to <folder>.');
  return {
    site,
    folder: resolve(to ?? '.'),
    token: token === undefined || token.trim() === '' ? null : token.trim(),
    filters: filtersOf(options),
    checkOnly,
    writeBack: options.writeBack ?? false,
    isService: options.watch !== undefined || options.serve !== undefined,
    archiverUrl: null,
    accessToken: null,
  };
}

function filtersOf({ limit, dataset, organization, query }: CkanOptions): MirrorFilters {
  if (dataset && (limit ?? organization ?? query) !== undefined)
    throw new ArchiverError('invalid-request', '--dataset goes with no other filter.');
  return {
    ...(limit !== undefined && { limit }),
    ...(dataset && { datasets: dataset }),
    ...(organization !== undefined && { organization }),
    ...(query !== undefined && { query }),
  };
}

/** The time between two runs; null: there is one run. */
export const watchMsOf = ({ watch, serve }: CkanOptions): number | null =>
  typeof watch === 'number' ? watch : watch || serve !== undefined ? DEFAULT_WATCH_MS : null;

const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Timers of Node last 24.8 days at most. */
const LONGEST_MS = 24 * 86_400_000;

/** `30m` → milliseconds. */
function interval(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms >= 1000 && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('It must be a number with s, m, h or d behind it, such as 6h, up to 24d.');
}

/** Where our routes are served; null: nowhere. */
export const serveAddressOf = ({ serve }: CkanOptions): ServerAddress | null =>
  serve === undefined ? null : serve === true ? DEFAULT_ADDRESS : serve;

/** `8080`, `0.0.0.0:8080`, `[::1]:8080` */
function serveAddress(text: string): ServerAddress {
  const [, literal, name, port = ''] = /^(?:\[([0-9a-f:.]+)\]:|([^\s:[\]]+):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port !== '' && Number(port) <= 65_535)
    return { host: literal ?? name ?? DEFAULT_ADDRESS.host, port: Number(port) };
  throw new InvalidArgumentError('It must be a port, or host:port.');
}
