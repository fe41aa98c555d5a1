import { ArchiverError, messageOf } from '../errors.ts';
import type { HostTransaction } from './HostDatabase.ts';

/** A table as it is: the types of its columns, and which texts can be ids. */
export interface TableColumns {
  /** undefined: there is no such column. */
  typeOf(column: string | null): string | undefined;
  /** Characters that a column takes; null: any number. */
  maxLengthOf(column: string | null): number | null;
  /** Whether it is there and the connection's role may read it. */
  mayRead(column: string): boolean;
  readonly idType: string;
  /**
   * Ids are cast to the column's type, not the column to text, which would leave its index unused. So only texts in the
   * spelling that PostgreSQL gives back are ids.
   */
  isId(text: string): boolean;
}

/** A table, and what is wrong with it, one sentence each; with an error its columns are good for nothing but being looked at. */
export interface TableLook {
  readonly columns: TableColumns;
  readonly errors: readonly string[];
}

/** Looks at one of the host's tables: whether it is there, has the columns that are needed, and ids of a known type. */
export async function lookAtTable(
  knex: HostTransaction,
  names: { readonly table: string; readonly id: string },
  needed: readonly string[],
): Promise<TableLook> {
  const types = await readTypes(knex, names.table);
  const idType = types.get(names.id)?.type ?? '';
  const columns = {
    typeOf: (column: string | null) => types.get(column ?? '')?.type,
    maxLengthOf: (column: string | null) => types.get(column ?? '')?.maxLength ?? null,
    mayRead: (column: string) => types.get(column)?.mayRead === 'true',
    idType,
    isId: ID_TYPES[idType] ?? (() => false),
  };
  if (types.size === 0) return { columns, errors: [`The portal's database has no table ${names.table}.`] };
  return { columns, errors: [...missingColumns(names, types, needed), ...idErrors(names, types)] };
}

type Types = ReadonlyMap<string, ColumnType>;

function missingColumns({ table }: { readonly table: string }, types: Types, needed: readonly string[]): string[] {
  const missing = [...new Set(needed)].filter((column) => !types.has(column));
  if (missing.length === 0) return [];
  const columns = missing.length === 1 ? `column ${missing[0]}` : `columns ${missing.join(', ')}`;
  return [`The portal's table ${table} has no ${columns}.`];
}

function idErrors({ table, id }: { readonly table: string; readonly id: string }, types: Types): string[] {
  const type = types.get(id)?.type;
  if (type === undefined || ID_TYPES[type]) return [];
  const known = Object.keys(ID_TYPES).join(', ');
  return [`The portal's column ${table}.${id} is of type ${type}, which is none of ${known}.`];
}

interface ColumnType {
  readonly type: string;
  readonly maxLength: number | null;
  /** As text, whatever parsers the host has set. */
  readonly mayRead: string;
}

async function readTypes(knex: HostTransaction, table: string): Promise<Types> {
  const quoted = table.split('.').map((part) => `"${part.replaceAll('"', '""')}"`);
  try {
    const { rows } = await knex.raw<{ rows: (ColumnType & { readonly name: string })[] }>(
      `select attname as name, atttypid::regtype::text as type,
         -- The length of a character type is stored with four bytes of its own.
         case when atttypid in ('varchar'::regtype, 'bpchar'::regtype) and atttypmod > 4 then atttypmod - 4 end as "maxLength",
         has_column_privilege(attrelid, attnum, 'SELECT')::text as "mayRead"
       from pg_attribute
       where attrelid = to_regclass(?) and attnum > 0 and not attisdropped`,
      [quoted.join('.')],
    );
    return new Map(rows.map(({ name, ...type }) => [name, type]));
  } catch (error) {
    const message = `The portal's table ${table} cannot be looked at: ${messageOf(error)}`;
    throw new ArchiverError('database-failed', message, { cause: error });
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WHOLE = /^(0|-?[1-9]\d{0,18})$/;

const isText = (text: string) => !text.includes('\0');
const isWhole = (bits: number) => (text: string) =>
  WHOLE.test(text) && BigInt.asIntN(bits, BigInt(text)) === BigInt(text);

const ID_TYPES: Readonly<Record<string, (text: string) => boolean>> = {
  text: isText,
  'character varying': isText,
  uuid: (text) => UUID.test(text),
  smallint: isWhole(16),
  integer: isWhole(32),
  bigint: isWhole(64),
};
