import { ArchiverError, messageOf } from '../errors.ts';
import type { HostDatabase } from './HostDatabase.ts';
import type { HostTables } from './hostTables.ts';
import type { Catalog, UrlUpdate } from './Portal.ts';

type UpdateUrl = NonNullable<Catalog['updateUrl']>;

/** How URLs are edited: by the host's own code, or (`table`) in its table alone; null: not at all. */
export type TableEdits = UpdateUrl | 'table' | null;

/** One statement, so that nobody edits in between; a URL that is the new one already stays. Throws where the table refuses it. */
export async function updateUrlInTable(
  tables: HostTables,
  knex: HostDatabase,
  [id, url, { expected }]: Parameters<UpdateUrl>,
): Promise<UrlUpdate> {
  const columns = await tables.resource();
  if (!columns.isId(id)) return 'missing';
  const { resource } = tables.names;
  const type = columns.typeOf(resource.url) ?? 'text';
  const state = columns.typeOf(resource.state) ? "and r.:state: is distinct from 'deleted'" : '';
  const wanted = `r.:id: = cast(:wanted as ${columns.idType}) ${state}`;
  const sql = `
    with edited as (
      update :table: as r set :url: = cast(:to as ${type})
      where ${wanted} and cast(r.:url: as text) = :expected and :expected <> :to returning 1)
    select (select count(*) from edited)::text as edited, r.:url: as url from :table: as r where ${wanted}`;
  try {
    const bindings = { ...resource, wanted: id, to: url, expected };
    const { rows } = await knex.raw<{ rows: { edited: string; url: string | null }[] }>(sql, bindings);
    // The row is shown as it was before.
    const [row] = rows;
    if (!row) return 'missing';
    return row.edited === '1' || row.url === url ? 'updated' : 'edited';
  } catch (error) {
    const message = `The portal's table ${resource.table} did not take the URL: ${messageOf(error)}`;
    throw new ArchiverError('host-refused', message, { cause: error });
  }
}
