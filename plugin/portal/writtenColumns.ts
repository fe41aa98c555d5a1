import { ArchiverError, messageOf } from '../errors.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { TableColumns } from './tableColumns.ts';
import type { ResourceTable } from './tableNames.ts';

const TEXT = ['text', 'character varying', 'character'];
const MOMENT = ['timestamp with time zone', 'timestamp without time zone', ...TEXT];
const NUMBER = ['bigint', 'numeric', 'double precision', 'integer', ...TEXT];

type Role = Exclude<keyof WriteBack, 'resourceId'>;

interface Written {
  readonly role: Role;
  /** The type it has on the way. */
  readonly type: string;
  /** Types of columns that it can be cast to. */
  readonly columnTypes: readonly string[];
  /** Characters of the shortest that is ever written, where that is known. */
  readonly leastLength: number;
}

/** What the archiver writes into the host's table, by the column's role. */
export const WRITTEN: readonly Written[] = [
  // Any origin, `/archive/20260102T030405Z/`, an id, a name.
  { role: 'cacheUrl', type: 'text', columnTypes: TEXT, leastLength: 64 },
  { role: 'cacheLastUpdated', type: 'timestamptz', columnTypes: MOMENT, leastLength: 22 },
  // md5: and 32 digits.
  { role: 'hash', type: 'text', columnTypes: TEXT, leastLength: 36 },
  { role: 'size', type: 'bigint', columnTypes: NUMBER, leastLength: 1 },
  { role: 'mimetype', type: 'text', columnTypes: TEXT, leastLength: 'text/plain'.length },
];

/** The columns that cannot take what is written to them, one sentence each. */
export function writtenColumnErrors(names: ResourceTable, columns: TableColumns): readonly string[] {
  return WRITTEN.flatMap(({ role, columnTypes, leastLength }) => {
    const column = names[role];
    const type = columns.typeOf(column);
    if (type === undefined) return [];
    const named = `The portal's column ${names.table}.${column}`;
    if (!columnTypes.includes(type))
      return [`${named} is of type ${type}, which is none of ${columnTypes.join(', ')}.`];
    const maxLength = columns.maxLengthOf(column);
    if (maxLength === null || maxLength >= leastLength) return [];
    return [`${named} takes ${maxLength} characters; what is written to it has at least ${leastLength}.`];
  });
}

/** The columns, by name, that are too short for what these changes write to them. */
export function overfullColumns(
  changes: readonly WriteBack[],
  names: ResourceTable,
  columns: TableColumns,
): readonly string[] {
  const isOverfull = ({ role }: Written) => {
    const maxLength = columns.maxLengthOf(names[role]) ?? Number.POSITIVE_INFINITY;
    return changes.some((change) => [...String(change[role] ?? '')].length > maxLength);
  };
  return WRITTEN.filter(isOverfull).map(({ role }) => names[role]);
}

/** PostgreSQL names no column where a text is too long, and knex puts the statement with its values in front. */
export function notWritten(error: unknown, table: string, overfull: readonly string[]): ArchiverError {
  const column = error instanceof Error && 'column' in error ? error.column : undefined;
  const columns = typeof column === 'string' ? [column] : overfull;
  const where = columns.length > 0 ? ` (${columns.join(', ')})` : '';
  const words = messageOf(error).replace(/^.* - /s, '');
  return new ArchiverError('database-failed', `Writing to the portal's table ${table}${where}: ${words}`, {
    cause: error,
  });
}
