import { Command, InvalidArgumentError } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { Run } from '../../model/run.ts';
import { CODES } from '../../model/status.ts';
import type { Archive } from '../../show/Archive.ts';
import type { RequestResult } from '../../trigger/Requests.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { print } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';
import { followRun } from './runProgress.ts';
import { runJson, runLines } from './runText.ts';

type ArchiveOptions = PortalOptions & { readonly wait?: true; readonly timeout?: number };

const ASKED_HERE = { caller: 'command-line', idempotencyKey: null } as const;

/** `archive`: what an administrator's button does, for one dataset, one resource or everything. */
export function archiveCommand(context: CommandContext): Command {
  const command = new Command('archive')
    .description('Archives a dataset (id or name), a resource (id) or all, by the workers that run.')
    .argument('<what>', 'a dataset, a resource, or all')
    .option('--wait', 'wait for the end; 1 when something is not archived')
    .option('--timeout <seconds>', 'with --wait: wait no longer; 1 when the run goes on', readSeconds);
  return addPortalOptions(command).action(async (what: string, options: ArchiveOptions) => {
    await withArchiver(options, context, async ({ archive }) => {
      const run = runOf(what, await request(what, archive));
      const last = options.wait ? await followRun(run, archive.runs, context, options) : run;
      print(context, options, { json: runJson(last), lines: runLines(last) });
      if (options.wait && !wentWell(last)) context.setExitCode(1);
    });
  });
}

async function request(what: string, archive: Archive): Promise<RequestResult> {
  if (what === 'all') return archive.requestAll(ASKED_HERE);
  const asDataset = await archive.requestDataset(what, ASKED_HERE);
  return asDataset.kind === 'not-found' ? archive.requestResource(what, ASKED_HERE) : asDataset;
}

function runOf(what: string, result: RequestResult): Run {
  if (result.kind === 'accepted') return result.run;
  throw new ArchiverError('not-found', `There is no dataset and no resource ${what}.`);
}

const wentWell = ({ state, counts }: Run): boolean => state === 'done' && Object.keys(counts).every(isGood);

const isGood = (code: string): boolean =>
  code === 'deleted' || Object.entries(CODES).some(([known, { broken }]) => known === code && broken === false);

function readSeconds(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds, 1 or more.');
  return Number(text);
}
