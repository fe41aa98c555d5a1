import { type Page, type PageQuery, readPage } from '../../paging.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { countText, NOTHING, time } from '../frame/texts.ts';
import type { Cell, Column, Table } from './Table.ts';

/** A row, for each format. */
export interface ListedRow {
  /** Cells in the order of all columns. */
  values(): readonly Cell[];
  /** Cells of the columns that a page shows. */
  shown(): readonly Html[];
}

/** A heading of a table. */
export type Heading = Pick<Column<never>, 'name' | 'title' | 'type' | 'sort'>;

/** A table with where its rows come from. */
export interface Listing {
  readonly table: { readonly name: string; readonly caption: string; readonly empty: string };
  readonly headings: readonly Heading[];
  page(query: PageQuery): Promise<Page<ListedRow>>;
}

/** Where rows come from, a page at a time. */
export interface RowSource<Row> {
  read(page: PageQuery): Promise<readonly Row[]>;
  /** What `after` of the next page is. */
  nameOf(row: Row): string;
}

/** A table whose rows come in pages with cursors of their own. */
export function pagedListing<Row>(
  table: Table<Row>,
  place: Place,
  read: (query: PageQuery) => Promise<Page<Row>>,
): Listing {
  const { name, caption, empty, columns } = table;
  return {
    table: { name, caption, empty },
    headings: columns,
    async page(query) {
      const { entries, next } = await read(query);
      return { entries: entries.map((row) => listedRow(columns, row, place)), next };
    },
  };
}

/** A table and its rows. */
export const listing = <Row>(table: Table<Row>, place: Place, { read, nameOf }: RowSource<Row>): Listing =>
  pagedListing(table, place, (query) => readPage(query, read, nameOf));

/** A table whose rows are all there. */
export function fullListing<Row>(table: Table<Row>, place: Place, rows: readonly Row[]): Listing {
  const indexes = new Map(rows.map((row, index) => [row, index]));
  return listing(table, place, {
    read: async ({ after, limit }) => {
      const start = after === null ? 0 : Number(after) + 1;
      return Number.isSafeInteger(start) ? rows.slice(start, start + limit) : [];
    },
    nameOf: (row) => String(indexes.get(row)),
  });
}

function listedRow<Row>(columns: readonly Column<Row>[], row: Row, place: Place): ListedRow {
  return {
    values: () => columns.map((column) => column.value(row)),
    shown: () => columns.filter(({ title }) => title !== undefined).map((column) => shownCell(column, row, place)),
  };
}

function shownCell<Row>(column: Column<Row>, row: Row, place: Place): Html {
  if (column.show) return html`${column.show(row, place)}`;
  const value = column.value(row);
  if (value === null || value === '') return NOTHING;
  if (value instanceof Date) return time(value, place);
  if (typeof value === 'boolean') return html`${value ? 'yes' : 'no'}`;
  return html`${column.type === 'integer' && typeof value === 'number' ? countText(value) : String(value)}`;
}
