import { Command, InvalidArgumentError } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { Run } from '../../model/run.ts';
import { CODES } from '../../model/status.ts';
import type { Catalog } from '../../portal/Portal.ts';
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
    .usage('dataset <id or name> | resource <id> | all | <id or name>')
    .argument(
      '<what>',
      'dataset or resource with its id behind it, or all; an id or a name alone, where only one of them has it',
    )
    .argument('[id]', 'after dataset or resource: its id, or the name of the dataset')
    .option('--wait', 'wait for the end; 1 when something is not archived')
    .option('--timeout <seconds>', 'with --wait: wait no longer; 1 when the run goes on', readSeconds);
  return addPortalOptions(command).action(async (what: string, id: string | undefined, options: ArchiveOptions) => {
    const named = readNamed(what, id);
    await withArchiver(options, context, async ({ archive }, { catalog }) => {
      const subject = named.kind === 'either' ? await onlyOne(named.id, catalog, context) : named;
      const run = runOf(subject, await request(subject, archive));
      const last = options.wait ? await followRun(run, archive.runs, context, options) : run;
      print(context, options, { json: runJson(last), lines: runLines(last) });
      if (options.wait && !wentWell(last)) context.setExitCode(1);
    });
  });
}

type Subject = { readonly kind: 'all' } | { readonly kind: 'dataset' | 'resource'; readonly id: string };
type Named = Subject | { readonly kind: 'either'; readonly id: string };

/** Throws `ArchiverError('invalid-request')`. */
function readNamed(what: string, id: string | undefined): Named {
  if (what === 'dataset' || what === 'resource') {
    if (id !== undefined) return { kind: what, id };
    throw new ArchiverError('invalid-request', `Which ${what}? Say: archive ${what} <id>.`);
  }
  if (id !== undefined)
    throw new ArchiverError('invalid-request', `${what} ${id} is none of: dataset <id>, resource <id>, all, <id>.`);
  return what === 'all' ? { kind: 'all' } : { kind: 'either', id: what };
}

/** What has this id or name; says on standard error what it took. Refuses where a dataset and a resource have it. */
async function onlyOne(id: string, catalog: Catalog, { errors }: CommandContext): Promise<Subject> {
  const dataset = await (catalog.describeDataset?.(id) ?? catalog.getDataset(id));
  const resource = await catalog.getResource(id);
  if (dataset && resource) {
    const ways = `say archive dataset ${id} or archive resource ${id}`;
    throw new ArchiverError('invalid-request', `There is a dataset ${dataset.name} and a resource ${id}: ${ways}.`);
  }
  const found = dataset
    ? ({ kind: 'dataset', id: dataset.id } as const)
    : resource && ({ kind: 'resource', id } as const);
  if (!found) throw new ArchiverError('not-found', `There is no dataset and no resource ${id}.`);
  errors.write(dataset ? `the dataset ${dataset.name} (${dataset.id})\n` : `the resource ${id}\n`);
  return found;
}

function request(subject: Subject, archive: Archive): Promise<RequestResult> {
  if (subject.kind === 'all') return archive.requestAll(ASKED_HERE);
  if (subject.kind === 'dataset') return archive.requestDataset(subject.id, ASKED_HERE);
  return archive.requestResource(subject.id, ASKED_HERE);
}

function runOf(subject: Subject, result: RequestResult): Run {
  if (result.kind === 'accepted') return result.run;
  throw new ArchiverError('not-found', `There is no ${subject.kind}${'id' in subject ? ` ${subject.id}` : ''}.`);
}

const wentWell = ({ state, counts }: Run): boolean => state === 'done' && Object.keys(counts).every(isGood);

const isGood = (code: string): boolean =>
  code === 'deleted' || Object.entries(CODES).some(([known, { broken }]) => known === code && broken === false);

function readSeconds(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds, 1 or more.');
  return Number(text);
}
