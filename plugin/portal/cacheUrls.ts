import { ArchiverError, messageOf } from '../errors.ts';
import type { HostTransaction } from './HostDatabase.ts';
import type { TableColumns } from './tableColumns.ts';
import type { ResourceTable } from './tableNames.ts';

/** What the resources' column for the address of a copy holds, by resource; those where it is empty are left out. */
export async function readCacheUrls(
  ids: readonly string[],
  names: ResourceTable,
  columns: TableColumns,
  transaction: HostTransaction,
): Promise<ReadonlyMap<string, string>> {
  const wanted = ids.filter(columns.isId);
  if (wanted.length === 0 || columns.typeOf(names.cacheUrl) === undefined) return new Map();
  const sql = `select cast(:id: as text) as id, :cacheUrl: as url from :table:
    where :id: = any(cast(:wanted as ${columns.idType}[])) and :cacheUrl: is not null`;
  try {
    const { rows } = await transaction.raw<{ rows: { id: string; url: string }[] }>(sql, { ...names, wanted });
    return new Map(rows.map(({ id, url }) => [id, url]));
  } catch (error) {
    const message = `The portal's database failed while reading the addresses of copies: ${messageOf(error)}`;
    throw new ArchiverError('database-failed', message, { cause: error });
  }
}
