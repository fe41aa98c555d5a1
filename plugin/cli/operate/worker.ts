import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { ArchiverError } from '../../errors.ts';
import { ROLES, type Role } from '../../model/role.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, namesPortal, type PortalOptions, portalUrl } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

/** `worker`: works until it is asked to end, then gives back what it holds. */
export function workerCommand(context: CommandContext): Command {
  const command = new Command('worker')
    .description('Works on the queue until SIGTERM or SIGINT; as many processes as you like, on as many machines.')
    .option('--roles <roles>', 'worker, scheduler or both', readRoles, ['worker', 'scheduler']);
  return addPortalOptions(command).action(async (options: PortalOptions & { readonly roles: readonly Role[] }) => {
    if (!namesPortal(options, context) && portalUrl(options, context) === null) {
      loadConfig({ environment: context.environment });
      throw new ArchiverError('invalid-request', 'A worker writes URLs of the portal: give --portal or --portal-url.');
    }
    await withArchiver(options, context, async (archiver) => {
      const parts = { roles: options.roles, queue: archiver.queueName(), store: archiver.storeName() };
      print(context, options, {
        json: parts,
        lines: [`working as ${parts.roles.join(', ')} on ${parts.queue}, into ${parts.store}`],
      });
      if (!context.signal.aborted) await once(context.signal, 'abort');
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
