import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { ArchiverError, messageOf } from '../errors.ts';
import type { MirrorOptions, MirrorResult, MirrorSurroundings } from '../mirror/MirrorOptions.ts';
import type { MirrorFilters } from '../portal/ckan/matchingDatasets.ts';
import type { CommandContext } from './CommandContext.ts';
import { progressLine, summaryLines } from './ckanOutput.ts';
import { print } from './print.ts';

interface CkanOptions {
  readonly to?: string;
  readonly json?: true;
  readonly limit?: number;
  readonly dataset?: readonly string[];
  readonly organization?: string;
  readonly query?: string;
  readonly dryRun?: true;
  readonly checkOnly?: true;
  readonly token?: string;
  readonly watch?: number | true;
}

const DEFAULT_WATCH_MS = 3_600_000;
const STOPPED = 130;

/** `ckan`: a remote CKAN portal mirrored into a folder. */
export function ckanCommand(context: CommandContext): Command {
  return new Command('ckan')
    .description('Mirrors a remote CKAN portal: every resource into a folder, with what broke and why.')
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
    .option('--json', 'print JSON: one object at the end of each run')
    .addHelpText(
      'after',
      '\nExit codes: 0 every resource is settled; 1 the portal was not read to its end; 2 wrong arguments; 130 stopped.',
    )
    .action((site: string, options: CkanOptions) => mirror(site, options, context));
}

async function mirror(site: string, options: CkanOptions, context: CommandContext): Promise<void> {
  const mirrorOptions = mirrorOptionsOf(site, options, context);
  const progress = progressLine(context);
  const surroundings: MirrorSurroundings = {
    environment: context.environment,
    logger: pino({ level: context.environment.LOG_LEVEL ?? 'warn' }, context.errors),
    signal: context.signal,
    progress: (shown) => options.json || progress.show(shown),
  };
  const show = ({ summary, problem }: MirrorResult) => {
    progress.end();
    print(context, options, { json: summary, lines: summaryLines(summary) });
    if (problem !== null) context.errors.write(`${problem}\n`);
    context.setExitCode(problem === null ? 0 : 1);
  };
  try {
    if (options.dryRun) return await showDryRun(mirrorOptions, surroundings, show);
    await runs(mirrorOptions, surroundings, { show, watchMs: watchMsOf(options) });
  } catch (error) {
    progress.end();
    if (!context.signal.aborted) throw error;
    context.errors.write('Stopped. The same command again goes on where this one was.\n');
    context.setExitCode(STOPPED);
  }
}

/** One run, or one after each interval until the process is asked to end. */
async function runs(
  options: MirrorOptions,
  surroundings: MirrorSurroundings,
  { show, watchMs }: { show(result: MirrorResult): void; readonly watchMs: number | null },
): Promise<void> {
  const { openMirror } = await import('../mirror/openMirror.ts');
  const { Mirror } = await import('../mirror/mirror.ts');
  const opened = await openMirror(options, surroundings);
  try {
    const mirrored = new Mirror(opened, options, surroundings);
    show(await mirrored.run());
    while (watchMs !== null) {
      await wait(watchMs, undefined, { signal: surroundings.signal });
      await again(() => mirrored.run(), surroundings, show);
    }
  } finally {
    await opened.close();
  }
}

/** What is wrong today may be right the next time: a run that fails does not end the watch. */
async function again(
  run: () => Promise<MirrorResult>,
  { signal, logger }: MirrorSurroundings,
  show: (result: MirrorResult) => void,
): Promise<void> {
  try {
    show(await run());
  } catch (error) {
    if (signal.aborted) throw error;
    logger.error({ error: messageOf(error) }, 'a run of the mirror failed');
  }
}

async function showDryRun(
  options: MirrorOptions,
  surroundings: MirrorSurroundings,
  show: (result: MirrorResult) => void,
): Promise<void> {
  const { dryRun } = await import('../mirror/dryRun.ts');
  show(await dryRun(options, surroundings));
}

/** Throws `ArchiverError('invalid-request')`. */
function mirrorOptionsOf(site: string, options: CkanOptions, context: CommandContext): MirrorOptions {
  const { to, dryRun, checkOnly = false, token = context.environment.CKAN_API_TOKEN } = options;
  if (to === undefined && !dryRun)
    throw new ArchiverError('invalid-request', 'Name the folder of the mirror: --to <folder>.');
  return {
    site,
    folder: resolve(to ?? '.'),
    token: token === undefined || token.trim() === '' ? null : token.trim(),
    filters: filtersOf(options),
    checkOnly,
    writeBack: false,
    isService: options.watch !== undefined,
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

const watchMsOf = ({ watch }: CkanOptions): number | null =>
  watch === undefined ? null : watch === true ? DEFAULT_WATCH_MS : watch;

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
