import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import type { Archiver } from '../../Archiver.ts';
import { ArchiverError } from '../../errors.ts';
import type { Config } from '../../settings/Config.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { TaskWork } from '../../show/taskServer.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, namesPortal, type PortalOptions, portalUrl } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

interface ServeOptions extends PortalOptions {
  readonly host: string;
  readonly port?: number;
}

const DEFAULT_PORT = 8080;

/** `serve`: a worker that is asked over HTTP, for platforms that give a process time only while it answers. */
export function serveCommand(context: CommandContext): Command {
  const command = new Command('serve')
    .description('Works when it is asked to over HTTP: App Engine, Cloud Run, Azure Container Apps.')
    .option('--port <port>', `where to listen (default: variable PORT, else ${DEFAULT_PORT})`, readPort)
    .option('--host <host>', 'address to listen at', '0.0.0.0');
  return addPortalOptions(command).action((options: ServeOptions) => serve(options, context));
}

async function serve(options: ServeOptions, context: CommandContext): Promise<void> {
  const config = loadConfig({ environment: context.environment });
  if (!namesPortal(options, context) && portalUrl(options, context) === null) {
    throw new ArchiverError('invalid-request', 'A worker writes URLs of the portal: give --portal or --portal-url.');
  }
  const port = options.port ?? portOf(context);
  const { listenForTasks } = await import('../../wiring/listenForTasks.ts');
  const server = await listenForTasks({ host: options.host, port }, context.errors);
  try {
    // Whose role is to look does not migrate; this one also asks and is asked.
    await withArchiver({ ...options, roles: ['web'] }, context, async (archiver, _portal, signal) => {
      const { work, ended } = await taskWork(archiver, config, context);
      server.begin(work);
      const shown = { port: server.port, queue: archiver.queueName(), store: archiver.storeName() };
      print(context, options, {
        json: shown,
        lines: [`serving tasks on port ${shown.port}, of ${shown.queue}, into ${shown.store}`],
      });
      if (!signal.aborted) await once(signal, 'abort');
      work.stop();
      await ended();
    });
  } finally {
    await server.close();
  }
}

/** One slice at a time: who asks while one runs is answered with it. */
async function taskWork(archiver: Archiver, config: Config, context: CommandContext) {
  let stopping = new AbortController();
  let running: Promise<unknown> | null = null;
  const { openTaskGuard } = await import('../../wiring/openTaskGuard.ts');
  const slice = async () => {
    stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, context.signal]);
    try {
      return await archiver.work({ ms: config.sliceMs, signal });
    } finally {
      running = null;
    }
  };
  const work: TaskWork = {
    guard: await openTaskGuard(config, context.environment),
    tasks: {
      sweep: () => archiver.archive.sweep({ dryRun: false }),
      work: () => {
        running ??= slice();
        return running;
      },
    },
    stop: () => stopping.abort(),
  };
  return { work, ended: async () => void (await running?.catch(() => undefined)) };
}

/** Throws `ArchiverError('invalid-request')`. */
function portOf({ environment }: CommandContext): number {
  const text = environment['PORT'] || String(DEFAULT_PORT);
  try {
    return readPort(text);
  } catch {
    throw new ArchiverError('invalid-request', `PORT is ${JSON.stringify(text)}; it must be a port, 0 to 65535.`);
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return port;
}
