import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { pino } from 'pino';
import { messageOf } from '../../errors.ts';
import type { MirrorOptions, MirrorResult, MirrorSurroundings } from '../../mirror/MirrorOptions.ts';
import type { OpenMirror } from '../../mirror/openMirror.ts';
import type { ServerAddress } from '../../show/openServer.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { print } from '../context/print.ts';
import { addCkanOptions, type CkanOptions, mirrorOptionsOf, serveAddressOf, watchMsOf } from './ckanOptions.ts';
import { progressLine, summaryLines } from './ckanOutput.ts';

const STOPPED = 130;

/** `ckan`: a remote CKAN portal mirrored into a folder. */
export function ckanCommand(context: CommandContext): Command {
  return addCkanOptions(new Command('ckan'))
    .description('Mirrors a remote CKAN portal: every resource into a folder, with what broke and why.')
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
    say: (line) => void context.errors.write(`${line}\n`),
  };
  const show = ({ summary, problem }: MirrorResult) => {
    progress.end();
    print(context, options, { json: summary, lines: summaryLines(summary) });
    if (problem !== null) context.errors.write(`${problem}\n`);
    context.setExitCode(problem === null ? 0 : 1);
  };
  try {
    if (options.dryRun) return await showDryRun(mirrorOptions, surroundings, show);
    await runs(mirrorOptions, surroundings, { show, watchMs: watchMsOf(options), address: serveAddressOf(options) });
  } catch (error) {
    progress.end();
    if (!context.signal.aborted) throw error;
    context.errors.write('Stopped. The same command again goes on where this one was.\n');
    context.setExitCode(STOPPED);
  }
}

interface Shown {
  show(result: MirrorResult): void;
  /** null: there is one run. */
  readonly watchMs: number | null;
  /** null: nothing is served. */
  readonly address: ServerAddress | null;
}

/** One run, or one after each interval until the process is asked to end; beside them our routes, where they are wanted. */
async function runs(options: MirrorOptions, surroundings: MirrorSurroundings, shown: Shown): Promise<void> {
  const { openMirror } = await import('../../mirror/openMirror.ts');
  const { serveMirror } = await import('../../mirror/serveMirror.ts');
  const server = shown.address && (await serveMirror(shown.address, options, surroundings));
  try {
    const mirrorOptions = { ...options, ...server?.options };
    const opened = await openMirror(mirrorOptions, surroundings);
    try {
      server?.mount(opened.archiver.handler);
      await repeat(opened, mirrorOptions, surroundings, shown);
    } finally {
      await opened.close();
    }
  } finally {
    await server?.close();
  }
}

async function repeat(
  opened: OpenMirror,
  options: MirrorOptions,
  surroundings: MirrorSurroundings,
  { show, watchMs }: Shown,
): Promise<void> {
  const { Mirror } = await import('../../mirror/mirror.ts');
  const mirrored = new Mirror(opened, options, surroundings);
  show(await mirrored.run());
  while (watchMs !== null) {
    await wait(watchMs, undefined, { signal: surroundings.signal });
    await again(() => mirrored.run(), surroundings, show);
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
  const { dryRun } = await import('../../mirror/dryRun.ts');
  show(await dryRun(options, surroundings));
}
