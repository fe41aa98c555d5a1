import { Command, Option } from 'commander';
import { ArchiverError } from '../../errors.ts';
import { CODES, type Code } from '../../model/status.ts';
import type { LinkCounts, LinkQuery, LinkState, ReportedLink } from '../../record/ReportedLinks.ts';
import type { ArchiveReports } from '../../show/ArchiveReports.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type PortalOptions } from '../context/loadPortal.ts';
import { columns } from '../context/print.ts';
import { withArchiver } from '../context/withArchiver.ts';
import { writeCsv, writeJson } from './reportOutput.ts';

/** The options of `report`. */
type ReportOptions = PortalOptions & {
  readonly organisation?: string;
  readonly host?: string;
  readonly code?: Code;
  readonly state?: readonly LinkState[];
  readonly csv?: true;
};

const STATES: readonly LinkState[] = ['archived', 'broken', 'unsure', 'unfetched'];
const SHOWN = 50;
const URL_LENGTH = 100;

/** `report`: broken links, or others, of all or of an organisation, a host, an outcome. */
export function reportCommand(context: CommandContext): Command {
  const command = new Command('report')
    .description('How links stand, and which are broken: of all, of an organisation, at a host, with an outcome.')
    .option('--organisation <id or name>', 'links of this organisation, and of those that are a part of it')
    .option('--host <host>', 'links at this host, as host or host:port')
    .addOption(new Option('--code <code>', 'links whose last attempt ended so').choices(Object.keys(CODES)))
    .addOption(
      new Option('--state <state...>', 'links that stand so; by default broken, with --code any').choices(STATES),
    )
    .addOption(new Option('--csv', 'every one of them as CSV (RFC 4180, UTF-8)').conflicts('json'));
  return addPortalOptions(command).action((options: ReportOptions) =>
    withArchiver(options, context, async ({ archive: { reports } }) => {
      await requireOrganisation(reports, options);
      const query = queryOf(options);
      if (options.csv) return writeCsv(reports.everyLink(query), context);
      const { states, order: _, ...filter } = query;
      const counts = await reports.countLinks(filter);
      if (options.json) return writeJson({ ...filter, states, counts }, reports.everyLink(query), context);
      const { links, next } = await reports.links({ ...query, after: null, limit: SHOWN });
      const more = next === null ? [] : ['There are more: --csv or --json has all of them.'];
      const lines = [...countLines(counts), ...columns(links.map(rowOf)), ...more];
      context.output.write(lines.map((line) => `${line}\n`).join(''));
    }),
  );
}

/** What does not work stands in the order of how long that has been so, everything else in that of ids. */
function queryOf({ organisation, host, code, state }: ReportOptions): Omit<LinkQuery, 'after' | 'limit'> {
  const states = state ?? (code === undefined ? (['broken'] as const) : undefined);
  const isFailing = states?.every((one) => one === 'broken' || one === 'unsure') ?? false;
  return { organisation, host: host?.toLowerCase(), code, states, order: isFailing ? 'failing' : 'resource' };
}

/** Throws `ArchiverError('not-found')`: an empty report of a mistyped name would look like good news. */
async function requireOrganisation(reports: ArchiveReports, { organisation }: ReportOptions): Promise<void> {
  if (organisation === undefined) return;
  const all = await reports.organisations();
  if (all.some(({ organisation: { id, name } }) => id === organisation || name === organisation)) return;
  throw new ArchiverError('not-found', `There is no organisation ${organisation}.`);
}

/** None where counting would take a walk over all links. */
function countLines(counts: LinkCounts | null): string[] {
  return counts ? [STATES.map((state) => `${state} ${counts[state]}`).join(', ')] : [];
}

function rowOf({ failingSince, state, code, failureCount, dataset, name, resourceId, url }: ReportedLink): string[] {
  return [
    failingSince?.toISOString().slice(0, 10) ?? '-',
    state,
    code ?? '-',
    String(failureCount),
    dataset.name,
    name ?? resourceId,
    url.length > URL_LENGTH ? `${url.slice(0, URL_LENGTH)}…` : url,
  ];
}
