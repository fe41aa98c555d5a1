import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { ReportedLink } from '../../record/ReportedLinks.ts';
import type { CommandContext } from '../context/CommandContext.ts';

type Links = AsyncGenerator<readonly ReportedLink[]>;
type Cell = string | number | Date | null | undefined;

/** The columns of the CSV. */
const COLUMNS: Readonly<Record<string, (link: ReportedLink) => Cell>> = {
  organisation: ({ organisation }) => organisation?.name,
  organisation_title: ({ organisation }) => organisation?.title,
  dataset: ({ dataset }) => dataset.name,
  dataset_title: ({ dataset }) => dataset.title,
  resource: ({ resourceId }) => resourceId,
  resource_name: ({ name }) => name,
  page: ({ pageUrl }) => pageUrl,
  url: ({ url }) => url,
  host: ({ host }) => host,
  state: ({ state }) => state,
  code: ({ code }) => code,
  reason: ({ reason }) => reason,
  failing_since: ({ failingSince }) => failingSince,
  last_success: ({ lastSuccessAt }) => lastSuccessAt,
  failures: ({ failureCount }) => failureCount,
  checked: ({ checkedAt }) => checkedAt,
  next_check: ({ nextCheckAt }) => nextCheckAt,
  moved_to: ({ movedTo }) => movedTo,
  copy: ({ copy }) => copy?.key,
  copy_bytes: ({ copy }) => copy?.bytes,
  copy_stored: ({ copy }) => copy?.storedAt,
  proposed_url: ({ proposal }) => proposal?.url,
};

/** As RFC 4180 has it, as it is read. What a spreadsheet would take for a formula begins with an apostrophe. */
export async function writeCsv(links: Links, { output, signal }: CommandContext): Promise<void> {
  const text = stringify({ record_delimiter: 'windows', escape_formulas: true });
  await pipeline(Readable.from(records(links)), text, output, { end: false, signal });
}

async function* records(links: Links): AsyncGenerator<readonly string[]> {
  yield Object.keys(COLUMNS);
  for await (const some of links) for (const link of some) yield Object.values(COLUMNS).map((of) => textOf(of(link)));
}

function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

/** One object in one line, with all `links` as its last member, as they are read. */
export async function writeJson(head: object, links: Links, { output, signal }: CommandContext): Promise<void> {
  await pipeline(Readable.from(jsonOf(head, links)), output, { end: false, signal });
}

async function* jsonOf(head: object, links: Links): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"links":[`;
  let between = '';
  for await (const some of links) {
    yield between + some.map((link) => JSON.stringify(link)).join(',');
    between = ',';
  }
  yield ']}\n';
}
