import { ArchiverError } from '../../errors.ts';
import type { Html } from './frame/html.ts';
import { documentOf, type SectionId } from './frame/layout.ts';
import { adminPath, withQuery } from './frame/paths.ts';
import type { Filtered } from './table/filters.ts';
import { sendCsv, sendJson } from './table/formats.ts';
import type { Listing } from './table/listing.ts';
import { formatLinks, type TableLinks, tableView } from './table/tableView.ts';
import type { Visit } from './visit.ts';

/** A table as the body of a page puts it somewhere. */
export interface ShownTable {
  readonly view: Html;
  readonly formats: Html;
}

/** What a page is about. */
export interface AdminPage {
  readonly title: string;
  readonly section: SectionId | null;
  /** Below `/admin`. */
  readonly path: readonly string[];
  readonly trail?: Html;
  readonly tools?: Html;
  readonly live?: string;
  /** The first is the one that `.csv` and `.json` have where no `?table=` says otherwise. */
  readonly listings: readonly Listing[];
  readonly filtered?: Filtered;
  readonly sort?: string | null;
  /** `tables` in the order of the listings. */
  body(tables: readonly ShownTable[]): Html | Promise<Html>;
}

const TYPE = 'text/html; charset=utf-8';

/** The page, or one of its tables, as the route asks. */
export async function answerPage(visit: Visit, page: AdminPage): Promise<void> {
  if (visit.format === 'html') return sendPage(visit, page);
  const chosen = chosenListing(visit, page.listings);
  if (visit.format === 'csv')
    return sendCsv(chosen, ['archiver', ...page.path, chosen.table.name].map(fileWord).join('-'), visit.response);
  const query = { ...page.filtered, sort: page.sort ?? null, table: visit.asked('table') };
  const { limit } = visit.page;
  const url = (next: string | null) => next && withQuery(jsonUrl(visit, page), { ...query, limit, after: next });
  await sendJson(chosen, visit.page, url, visit.response);
}

async function sendPage(visit: Visit, page: AdminPage): Promise<void> {
  const { title, section, trail, tools, live } = page;
  const tables = await Promise.all(page.listings.map((listing) => shownTable(visit, page, listing)));
  const body = await page.body(tables);
  visit.response.setHeader('Content-Type', TYPE);
  visit.response.send(documentOf({ title, section, body, trail, tools, live }, visit.place));
}

async function shownTable(visit: Visit, page: AdminPage, listing: Listing): Promise<ShownTable> {
  const isChosen = chosenListing(visit, page.listings) === listing;
  const { limit, after } = visit.page;
  const part = isChosen ? after : null;
  const links = linksOf(visit, page, listing);
  const state = { sort: page.sort ?? null, isFirstPart: part === null };
  return {
    view: tableView(listing, await listing.page({ limit, after: part }), state, links),
    formats: formatLinks(links),
  };
}

/** Throws `invalid-request`. */
function chosenListing(visit: Visit, listings: readonly Listing[]): Listing {
  const name = visit.asked('table');
  const chosen = name === null ? listings[0] : listings.find(({ table }) => table.name === name);
  if (chosen) return chosen;
  const names = listings.map(({ table }) => table.name).join(', ');
  throw new ArchiverError('invalid-request', `table is one of ${names}.`);
}

function linksOf({ place, request }: Visit, page: AdminPage, { table }: Listing): TableLinks {
  const path = adminPath(place, ...page.path);
  const name = page.listings[0]?.table === table ? null : table.name;
  const limit = typeof request.query['limit'] === 'string' ? request.query['limit'] : null;
  const query = { ...page.filtered, sort: page.sort ?? null, table: name };
  return {
    part: (after) => withQuery(path, { ...query, limit, after }),
    sorted: (sort) => withQuery(path, { ...query, limit, sort }),
    format: (format) => withQuery(`${path}.${format}`, query),
  };
}

/** The JSON of other lists names its next page absolutely, too. */
const jsonUrl = ({ deps, place }: Visit, { path }: AdminPage): string =>
  `${new URL(deps.archiverUrl).origin}${adminPath(place, ...path)}.json`;

const fileWord = (word: string): string => word.replace(/[^\w-]+/g, '_').slice(0, 40);
