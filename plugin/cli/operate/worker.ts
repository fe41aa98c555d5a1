import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { ArchiverError } from '../../errors.ts';
import { ROLES, type Role } from '../../model/role.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, namesPortal, type PortalOptions, portalUrl } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

interface WorkerOptions extends PortalOptions {
  readonly roles: readonly Role[];
  readonly untilIdle?: true;
}

/** `worker`: works until it is asked to end, then gives back what it holds. */
export function workerCommand(context: CommandContext): Command {
  const command = new Command('worker')
    .description('Works on the queue until SIGTERM or SIGINT; as many processes as you like, on as many machines.')
    .option('--roles <roles>', 'worker, scheduler or both', readRoles, ['worker', 'scheduler'])
    .option('--until-idle', 'sweep, work off what is due, and end; for a scheduled job');
  return addPortalOptions(command).action(async (options: WorkerOptions) => {
    if (!namesPortal(options, context) && portalUrl(options, context) === null) {
      loadConfig({ environment: context.environment });
      throw new ArchiverError('invalid-request', 'A worker writes URLs of the portal: give --portal or --portal-url.');
    }
    if (options.untilIdle) return workOff(options, context);
    await withArchiver(options, context, async (archiver, _portal, signal) => {
      const parts = { roles: options.roles, queue: archiver.queueName(), store: archiver.storeName() };
      print(context, options, {
        json: parts,
        lines: [`working as ${parts.roles.join(', ')} on ${parts.queue}, into ${parts.store}`],
      });
      if (!signal.aborted) await once(signal, 'abort');
    });
  });
}

/** One slice (`ARCHIVER_SLICE_MS`), which ends before the time of a job is over; the next job goes on. */
async function workOff(options: PortalOptions, context: CommandContext): Promise<void> {
  const { sliceMs } = loadConfig({ environment: context.environment });
  await withArchiver({ ...options, roles: ['web'] }, context, async (archiver, _portal, signal) => {
    await archiver.archive.sweep({ dryRun: false });
    const { due, more } = await archiver.work({ ms: sliceMs, signal });
    const { requests, copies, bytes } = archiver.archive.totals();
    const done = `${requests} requests, ${copies} new copies, ${bytes} bytes`;
    print(context, options, {
      json: { requests, copies, bytes, due, more },
      lines: [more ? `${done}; ${due} resources are still due` : `${done}; nothing is due`],
    });
  });
}

function readRoles(text: string): Role[] {
  const roles = text.split(',').map((name) => ROLES.find((role) => role === name.trim() && role !== 'web'));
  const known = roles.filter((role) => role !== undefined);
  if (known.length !== roles.length)
    throw new InvalidArgumentError('It must be worker, scheduler or worker,scheduler.');
  return known;
}
