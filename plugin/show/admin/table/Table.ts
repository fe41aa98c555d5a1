import type { Html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';

/** What a cell holds; JSON has times as ISO 8601, CSV too. */
export type Cell = string | number | boolean | Date | null;

/** A column of a table: the same on the page, in CSV and in JSON. */
export interface Column<Row> {
  /** Member in JSON, heading in CSV. */
  readonly name: string;
  /** Heading on the page; absent: the column is in CSV and JSON alone. */
  readonly title?: string;
  /** Of what it holds where that is not null. */
  readonly type: 'text' | 'integer' | 'number' | 'time' | 'truth';
  value(row: Row): Cell;
  /** On the page; default: the value as text. */
  show?(row: Row, place: Place): Html | string;
  /** Its name in `?sort=`, where the table can be sorted by it. */
  readonly sort?: string;
}

/** A table of a page, whatever its rows are. The first column names the row. */
export interface Table<Row> {
  /** In `?table=`, and the schema of its JSON. */
  readonly name: string;
  /** What it shows, for those who hear it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** What stands there instead where it has no row. */
  readonly empty: string;
}
