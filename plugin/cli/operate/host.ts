import { Command, InvalidArgumentError } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { HostLimits } from '../../model/host.ts';
import type { HostStatus } from '../../record/Hosts.ts';
import { quietHours } from '../../settings/jsonKinds.ts';
import type { SettingKind } from '../../settings/settingKinds.ts';
import { SETTINGS } from '../../settings/settingsTable.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';

const LISTED = 200;

type LimitOptions = PortalOptions & Partial<HostLimits> & { readonly clear?: true };

/** `host list|show|limit`: how publishers' hosts stand, and an administrator's own limits for one. */
export function hostCommand(context: CommandContext): Command {
  const command = new Command('host').description("Publishers' hosts: how they stand, and limits for one of them.");
  for (const inner of [listCommand(context), showCommand(context), limitCommand(context)])
    command.addCommand(addPortalOptions(inner));
  return command;
}

function listCommand(context: CommandContext): Command {
  return new Command('list')
    .description(`Up to ${LISTED} hosts: first those left alone for now, then those with limits of their own.`)
    .action(async (options: PortalOptions) => {
      await withArchiver(options, context, async (archiver) => {
        const hosts = await archiver.archive.hosts.list(LISTED);
        print(context, options, { json: hosts, lines: columns(hosts.map((host) => [host.host, standingText(host)])) });
      });
    });
}

function showCommand(context: CommandContext): Command {
  return new Command('show')
    .description('One host, as host or host:port.')
    .argument('<host>')
    .action(async (host: string, options: PortalOptions) => {
      await withArchiver(options, context, async (archiver) => {
        const found = await archiver.archive.hosts.get(host.toLowerCase());
        if (!found)
          throw new ArchiverError('not-found', `The host ${host} was never asked and has no limits of its own.`);
        print(context, options, { json: found, lines: [`${found.host}: ${standingText(found)}`] });
      });
    });
}

function limitCommand(context: CommandContext): Command {
  return new Command('limit')
    .description('Sets limits for one host, in place of those it had; what is not given is as the settings say.')
    .argument('<host>', 'host or host:port, as in the links')
    .option(
      '--requests-per-second <n>',
      'requests a second, all workers together',
      readAs(SETTINGS.hostRequestsPerSecond.kind),
    )
    .option('--burst <n>', 'requests to the rested host before that rate holds', readAs(SETTINGS.hostBurst.kind))
    .option(
      '--concurrency <n>',
      'requests at the same time, all workers together',
      readAs(SETTINGS.hostConcurrency.kind),
    )
    .option(
      '--address-concurrency <n>',
      'the same, of all hosts of its address, where it is asked; 0: no limit',
      readAs(SETTINGS.addressConcurrency.kind),
    )
    .option(
      '--domain-concurrency <n>',
      'the same, of all hosts of its registrable domain; 0: no limit',
      readAs(SETTINGS.domainConcurrency.kind),
    )
    .option('--bytes-per-day <n>', 'bytes in a day; 0: no limit', readAs(SETTINGS.hostBytesPerDay.kind))
    .option(
      '--gap-factor <n>',
      'pause after each answer, as a multiple of its response time',
      readAs(SETTINGS.hostGapFactor.kind),
    )
    .option('--quiet-hours <hours>', 'hours (UTC) in which sweeps ask nothing', readAs(quietHours()))
    .option('--clear', 'the settings hold again')
    .action(async (host: string, options: LimitOptions) => {
      const limits = limitsOf(options);
      if ((limits === null) !== (options.clear ?? false))
        throw new ArchiverError('invalid-request', 'Give at least one limit, or --clear alone.');
      const name = host.toLowerCase();
      await withArchiver(options, context, async (archiver) => {
        const { hosts } = archiver.archive;
        await hosts.setLimits(name, limits);
        const lines = [limits ? `${name}: ${JSON.stringify(limits)}` : `${name}: as the settings say`];
        print(context, options, { json: await hosts.get(name), lines });
      });
    });
}

function limitsOf(options: LimitOptions): Partial<HostLimits> | null {
  const { requestsPerSecond, burst, concurrency, addressConcurrency, domainConcurrency } = options;
  const { bytesPerDay, gapFactor, quietHours } = options;
  const shared = { addressConcurrency, domainConcurrency };
  const given = { requestsPerSecond, burst, concurrency, ...shared, bytesPerDay, gapFactor, quietHours };
  const limits = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.keys(limits).length === 0 ? null : limits;
}

function standingText({ override, pausedUntil, deadUntil, deadCount, bytesToday }: HostStatus): string {
  return [
    ...(deadUntil ? [`cannot be reached, left alone until ${deadUntil.toISOString()}`] : []),
    ...(pausedUntil ? [`asked for a pause until ${pausedUntil.toISOString()}`] : []),
    ...(deadCount > 0 && !deadUntil ? [`${deadCount} connections in a row failed`] : []),
    ...(override ? [`limits of its own: ${JSON.stringify(override)}`] : []),
    `${bytesToday} bytes today`,
  ].join('; ');
}

/** As the setting of the same meaning is read. */
function readAs<Value>(kind: SettingKind<Value>): (text: string) => Value {
  return (text) => {
    const parsed = kind.parse(text);
    if ('value' in parsed) return parsed.value;
    throw new InvalidArgumentError(`It must be ${kind.accepted}.`);
  };
}
