import type { Page } from '../../paging.ts';
import { type Html, html } from '../frame/html.ts';
import type { Heading, ListedRow, Listing } from './listing.ts';

/** Which links a table has; each answers a path. */
export interface TableLinks {
  /** The part after this entry; null: the first. */
  part(after: string | null): string;
  /** Sorted so. */
  sorted(sort: string): string;
  /** The same table in another format. */
  format(format: 'csv' | 'json'): string;
}

/** How a table is looked at. */
export interface TableState {
  /** As in the URL: `-checked` is descending; null: as it comes. */
  readonly sort: string | null;
  readonly isFirstPart: boolean;
}

/** So many columns need no whole page. */
const FEW = 3;

/** A table, or what stands in its place; on a narrow screen each row is a card. */
export function tableView(listing: Listing, page: Page<ListedRow>, state: TableState, links: TableLinks): Html {
  const { table } = listing;
  if (page.entries.length === 0 && state.isFirstPart) return html`<p class="empty">${table.empty}</p>`;
  const headings = listing.headings.filter(({ title }) => title !== undefined);
  // Roles in words: as cards the rows are no table any more for browsers.
  const width = headings.length > FEW ? '' : ' narrow';
  return html`<div class="table${width}" role="region" aria-label="${table.caption}" tabindex="0">
<table role="table"><caption class="hidden">${table.caption}</caption>
<thead role="rowgroup"><tr role="row">${headings.map((heading) => headingCell(heading, state, links))}</tr></thead>
<tbody role="rowgroup">${page.entries.map((row) => bodyRow(row, headings))}</tbody>
</table></div>
${foot(page, state, links)}`;
}

/** Where the same table is had as a file. */
export const formatLinks = (links: TableLinks): Html =>
  html`<span class="formats"><a href="${links.format('csv')}">CSV</a> <a href="${links.format('json')}">JSON</a></span>`;

function headingCell({ title = '', type, sort }: Heading, state: TableState, links: TableLinks): Html {
  const kind = isNumber(type) ? html` class="number"` : null;
  if (sort === undefined) return html`<th role="columnheader" scope="col"${kind}>${title}</th>`;
  const direction = directionOf(sort, state.sort);
  const next = direction === 'ascending' ? `-${sort}` : sort;
  const mark = direction === null ? null : html` aria-sort="${direction}"`;
  return html`<th role="columnheader" scope="col"${kind}${mark}><a href="${links.sorted(next)}">${title}</a></th>`;
}

function directionOf(sort: string, current: string | null): 'ascending' | 'descending' | null {
  if (current === sort) return 'ascending';
  return current === `-${sort}` ? 'descending' : null;
}

function bodyRow(row: ListedRow, headings: readonly Heading[]): Html {
  const cells = row.shown().map((cell, at) => {
    const { title = '', type = 'text' } = headings[at] ?? {};
    const kind = isNumber(type) ? html` class="number"` : null;
    if (at === 0)
      return html`<th role="rowheader" scope="row" data-title="${title}"${kind}><div class="cell">${cell}</div></th>`;
    return html`<td role="cell" data-title="${title}"${kind}><div class="cell">${cell}</div></td>`;
  });
  return html`<tr role="row">${cells}</tr>`;
}

const isNumber = (type: Heading['type']): boolean => type === 'integer' || type === 'number';

function foot({ next }: Page<ListedRow>, { isFirstPart }: TableState, links: TableLinks): Html | null {
  if (next === null && isFirstPart) return null;
  const first = isFirstPart ? null : html`<a class="button quiet" href="${links.part(null)}">First page</a>`;
  const following =
    next === null ? null : html`<a class="button quiet" rel="next" href="${links.part(next)}">Next page</a>`;
  return html`<nav class="pages" aria-label="Pages">${first} ${following}</nav>`;
}
