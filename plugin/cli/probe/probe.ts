import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isObject } from '../../decide/isObject.ts';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { FetchRequest } from '../../model/attempt.ts';
import type { Config } from '../../settings/Config.ts';
import { FETCH_SETTINGS } from '../../settings/fetchSettings.ts';
import { SETTING_NAMES } from '../../settings/settingsTable.ts';
import type { Prober } from '../../wiring/openProber.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addSettingFlags, configOf } from '../context/settingFlags.ts';
import { type LandingOptions, probeLanding } from './probeLanding.ts';
import { MODES, probeRequest, readProbeLine } from './probeRequest.ts';
import { probeExitCode, probeReport, probeResult } from './probeResult.ts';
import { SaveFile } from './saveFile.ts';

const FLAGS: readonly (keyof Config)[] = SETTING_NAMES.filter((name) => Object.hasOwn(FETCH_SETTINGS, name));

interface ProbeOptions {
  readonly json?: true;
  readonly save?: string;
  readonly stdin?: true;
  readonly concurrency?: number;
  readonly mode: FetchRequest['mode'];
  readonly declaredFormat?: string;
  readonly resourceName?: string;
  readonly datasetTitle?: string;
}

/** What is used for every probe of a run. */
interface ProbeRun {
  readonly prober: Prober;
  readonly landing: LandingOptions;
}

/** `probe`: what the archiver sees behind a URL. Keeps nothing, needs no database, queue or store. */
export function probeCommand(context: CommandContext): Command {
  const command = new Command('probe')
    .description('Fetches a URL once and says what the archiver makes of it.')
    .argument('[url]', 'the URL, as people write them')
    .option('--json', 'print the result as JSON')
    .option('--save <file>', 'keep the bytes in this file')
    .option('--stdin', 'read one JSON object a line, write one result a line')
    .option('--concurrency <n>', 'with --stdin: probes at the same time (setting concurrency by default)', readCount)
    .addOption(new Option('--mode <mode>', 'what may be spared').choices(MODES).default('demand'))
    .option('--declared-format <format>', 'the format that the portal declares')
    .option('--resource-name <name>', 'how the portal calls the resource')
    .option('--dataset-title <title>', "the title of the resource's dataset")
    .addHelpText(
      'after',
      '\nExit codes: 0 fetched, unchanged or only looked at (with --stdin: the input ended, every line was read);\n' +
        '1 refused or failed; 2 wrong settings or arguments. With --stdin: 1 where a line could not be read.',
    );
  addSettingFlags(command, FLAGS);
  return command.action(async (url: string | undefined, options: ProbeOptions) => {
    if ((url === undefined) === (options.stdin === undefined))
      command.error('error: give a URL or --stdin, one of them');
    if (options.stdin && options.save !== undefined) command.error('error: --save takes the bytes of a single URL');
    const config = configOf(command, FLAGS, context);
    const { openProber } = await import('../../wiring/openProber.ts');
    const prober = openProber(config);
    const run = { prober, landing: landingOptions(config, command, context) };
    try {
      if (url === undefined) await probeLines(run, options.concurrency ?? config.concurrency, context);
      else await probeOne(run, { ...options, url }, context);
    } finally {
      await prober.close();
    }
  });
}

/** A page is looked into when somebody says so, here or in the environment: a probe asks for no more than it must. */
function landingOptions(config: Config, command: Command, { environment }: CommandContext): LandingOptions {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const isGiven = options['landing'] !== undefined || (environment['ARCHIVER_LANDING'] ?? '').trim() !== '';
  const { landingMax, maxBytes } = config;
  return { policy: isGiven ? config.landing : 'off', landingMax, maxBytes };
}

async function probeOne(
  { prober, landing }: ProbeRun,
  options: ProbeOptions & { url: string },
  context: CommandContext,
): Promise<void> {
  const { url, mode, declaredFormat = null, resourceName = null, datasetTitle = null, save, json } = options;
  const file = save === undefined ? null : new SaveFile(save);
  const findLinks = landing.policy !== 'off';
  const request = probeRequest(url, { mode, declaredFormat, resourceName, datasetTitle, findLinks });
  const attempt = await prober.probe(request, file?.stages ?? null, context.signal);
  if (attempt.stage) await file?.keep();
  const links = await probeLanding(prober, { request, attempt }, landing, context.signal);
  context.output.write(json ? `${JSON.stringify(probeResult(attempt, links))}\n` : probeReport(attempt, links));
  context.setExitCode(probeExitCode(attempt));
}

/** One result a line as they finish; a line that cannot be read gets an error in place of a result, and the rest go on. */
async function probeLines(run: ProbeRun, concurrency: number, context: CommandContext): Promise<void> {
  const running = new Set<Promise<void>>();
  for await (const line of createInterface({ input: context.input, signal: context.signal })) {
    if (line.trim() === '') continue;
    const one = probeLine(run, line, context.signal).then(async (result) => {
      if ('error' in result) context.setExitCode(1);
      if (!context.output.write(`${JSON.stringify(result)}\n`)) await once(context.output, 'drain');
      running.delete(one);
    });
    running.add(one);
    if (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  // The input has not ended: it was interrupted.
  if (context.signal.aborted) context.setExitCode(1);
}

async function probeLine({ prober, landing }: ProbeRun, line: string, signal: AbortSignal): Promise<object> {
  let id: unknown = null;
  try {
    const members = parseLine(line);
    id = members.id ?? null;
    const request = { ...readProbeLine(members).request, findLinks: landing.policy !== 'off' };
    const attempt = await prober.probe(request, null, signal);
    return { id, ...probeResult(attempt, await probeLanding(prober, { request, attempt }, landing, signal)) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  const members: unknown = JSON.parse(line.trim());
  if (!isObject(members)) throw new ArchiverError('invalid-request', 'each line must be a JSON object');
  return members;
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 to 9999.');
  return Number(text);
}
