import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import type { Response } from 'express';
import type { PageQuery } from '../../paging.ts';
import type { ListedRow, Listing } from './listing.ts';
import type { Cell } from './Table.ts';

const PAGE = 1000;

/**
 * The whole table as RFC 4180 has it, in UTF-8, a page at a time as the caller reads. What a spreadsheet would take for a
 * formula begins with an apostrophe.
 */
export async function sendCsv(listing: Listing, fileName: string, response: Response): Promise<void> {
  const rows = allRows(listing);
  // The first page before the head: what fails until then is still an answer of its own.
  const first = await rows.next();
  response.setHeader('Content-Type', 'text/csv; charset=utf-8; header=present');
  response.setHeader('Content-Disposition', `attachment; filename="${fileName}.csv"`);
  const records = Readable.from(recordsOf(listing, first, rows));
  const text = stringify({ record_delimiter: 'windows', escape_formulas: true });
  await pipeline(records, text, response);
}

async function* recordsOf(
  { headings }: Listing,
  first: IteratorResult<ListedRow>,
  rest: AsyncGenerator<ListedRow>,
): AsyncGenerator<readonly string[]> {
  yield headings.map(({ name }) => name);
  if (first.done === true) return;
  yield csvRecord(first.value);
  for await (const row of rest) yield csvRecord(row);
}

async function* allRows(listing: Listing): AsyncGenerator<ListedRow> {
  let after: string | null = null;
  do {
    const query: PageQuery = { limit: PAGE, after };
    const { entries, next } = await listing.page(query);
    yield* entries;
    after = next;
  } while (after !== null);
}

const csvRecord = (row: ListedRow): string[] => row.values().map(csvCell);

function csvCell(value: Cell): string {
  if (value === null) return '';
  return value instanceof Date ? value.toISOString() : String(value);
}

/** A page of the table: `{rows, next}`; `nextUrl` makes the URL of the page after an entry. */
export async function sendJson(
  listing: Listing,
  query: PageQuery,
  nextUrl: (next: string | null) => string | null,
  response: Response,
): Promise<void> {
  const { entries, next } = await listing.page(query);
  const names = listing.headings.map(({ name }) => name);
  const rows = entries.map((row) => Object.fromEntries(row.values().map((value, at) => [names[at], value])));
  response.json({ rows, next: nextUrl(next) });
}
