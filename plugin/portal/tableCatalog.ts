import { ArchiverError, messageOf } from '../errors.ts';
import type { Contact } from '../model/contact.ts';
import type { Dataset, Organisation, Resource } from '../model/resource.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { Config } from '../settings/Config.ts';
import { readCacheUrls } from './cacheUrls.ts';
import { contactList, contactsOf } from './datasetContacts.ts';
import type { HostDatabase, HostTransaction } from './HostDatabase.ts';
import { HostTables } from './hostTables.ts';
import { readOrganisations } from './organisations.ts';
import { type OwnerColumns, ownerOf } from './ownerJoin.ts';
import type { Catalog } from './Portal.ts';
import { pageUrl } from './pageUrl.ts';
import type { TableColumns } from './tableColumns.ts';
import type { TableNames } from './tableNames.ts';
import { type TableEdits, updateUrlInTable } from './updateUrl.ts';
import { notWritten, overfullColumns, WRITTEN } from './writtenColumns.ts';

type DatasetRow = Omit<Dataset, 'resources'>;
type OwnedDataset = OwnerColumns & Omit<DatasetRow, 'organisation' | 'pageUrl'>;
type OwnedResource = OwnerColumns & Omit<Resource, 'organisation' | 'pageUrl'>;

/** Datasets and resources in two tables of the host. Looks at their columns once, when it first needs them. */
export class TableCatalog implements Catalog {
  readonly #knex: HostDatabase;
  readonly #tables: HostTables;
  readonly #site: string | null;
  /** Left out where nobody said how URLs are edited. */
  readonly updateUrl?: NonNullable<Catalog['updateUrl']>;

  /**
   * `site`: absolute URL of the portal without a trailing slash, below which its pages are; null: they are not known. `edits`: how
   * a URL is edited; null: not by the archiver.
   */
  constructor(knex: HostDatabase, names: TableNames = {}, site: string | null = null, edits: TableEdits = null) {
    this.#knex = knex;
    this.#tables = new HostTables(knex, names, { writesUrl: edits === 'table' });
    this.#site = site;
    if (edits === 'table') this.updateUrl = (...edit) => updateUrlInTable(this.#tables, knex, edit);
    else if (edits) this.updateUrl = edits;
  }

  /**
   * Takes the names that the settings have, and looks at the tables. Throws one `ArchiverError('host-unsuitable')` that names, a
   * line each, the rights that are missing; where there are all, what else is, and the columns that cannot take what is written.
   */
  check(config?: Config): Promise<void> {
    return this.#tables.check(config);
  }

  async getResource(id: string): Promise<Resource | null> {
    const { isId, idType } = await this.#tables.resource();
    if (!isId(id)) return null;
    const [found] = await this.#resources(`r.:id: = cast(:wanted as ${idType})`, { wanted: id });
    return found ?? null;
  }

  async getResources(ids: readonly string[]): Promise<readonly Resource[]> {
    const { isId, idType } = await this.#tables.resource();
    const wanted = ids.filter(isId);
    return wanted.length === 0 ? [] : this.#resources(`r.:id: = any(cast(:wanted as ${idType}[]))`, { wanted });
  }

  async describeDataset(idOrName: string): Promise<DatasetRow | null> {
    if (idOrName.includes('\0')) return null;
    const { isId, idType } = await this.#tables.dataset();
    const [byId] = isId(idOrName) ? await this.#datasets(`d.:id: = cast(:wanted as ${idType})`, idOrName) : [];
    const [found] = byId ? [byId] : await this.#datasets('d.:name: = :wanted', idOrName);
    return found ?? null;
  }

  async describeDatasets(ids: readonly string[]): Promise<readonly DatasetRow[]> {
    const { isId, idType } = await this.#tables.dataset();
    const wanted = ids.filter(isId);
    return wanted.length === 0 ? [] : this.#datasets(`d.:id: = any(cast(:wanted as ${idType}[]))`, wanted);
  }

  async listDatasetResources(
    datasetId: string,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly Resource[]> {
    const { idType, isId } = await this.#tables.resource();
    if (datasetId.includes('\0') || (after !== null && !isId(after))) return [];
    const later = after === null ? '' : ` and r.:id: > cast(:after as ${idType})`;
    const filter = `cast(r.:datasetId: as text) = :wanted${later}`;
    return this.#resources(filter, { wanted: datasetId, after: after ?? '' }, limit);
  }

  async getDataset(idOrName: string): Promise<Dataset | null> {
    const row = await this.describeDataset(idOrName);
    if (!row) return null;
    const resources = await this.#resources('cast(r.:datasetId: as text) = :wanted', { wanted: row.id });
    return { ...row, resources };
  }

  async listResources(page: { readonly after: string | null; readonly limit: number }): Promise<readonly Resource[]> {
    const { idType } = await this.#tables.resource();
    const filter = page.after === null ? 'true' : `r.:id: > cast(:after as ${idType})`;
    return this.#resources(filter, { after: page.after ?? '' }, page.limit);
  }

  async cacheUrls(ids: readonly string[], transaction: HostTransaction): Promise<ReadonlyMap<string, string>> {
    return readCacheUrls(ids, this.#tables.names.resource, await this.#tables.written(transaction), transaction);
  }

  async listOrganisations(): Promise<readonly Organisation[]> {
    return readOrganisations(this.#tables, (sql, bindings) => this.#rows('reading organisations', sql, bindings));
  }

  async contactOf(datasetIds: readonly string[]): Promise<ReadonlyMap<string, Contact>> {
    const columns = await this.#tables.dataset();
    const { dataset } = this.#tables.names;
    const list = contactList(dataset, columns);
    const wanted = datasetIds.filter(columns.isId);
    if (list === null || wanted.length === 0) return new Map();
    const sql = `select ${list} from :table: as d
      where d.:id: = any(cast(:wanted as ${columns.idType}[])) and ${isThere(columns, 'd', dataset.state)}`;
    return contactsOf(await this.#rows('reading contacts', sql, { ...dataset, wanted }));
  }

  /**
   * Plain SQL in one statement: no hook of the host sees an edit, and no other column is touched. The rows are found by their keys,
   * which an array makes sure of: for a join alone the planner reads a table of some ten thousand rows for each group.
   */
  async writeBack(changes: readonly WriteBack[], transaction: HostTransaction): Promise<void> {
    const columns = await this.#tables.written(transaction);
    const { resource } = this.#tables.names;
    const accepted = changes.filter(({ resourceId }) => columns.isId(resourceId));
    const written = WRITTEN.filter(({ role }) => columns.typeOf(resource[role]) !== undefined);
    if (accepted.length === 0 || written.length === 0) return;
    const values = Object.fromEntries(
      written.map(({ role }) => [`${role}Values`, accepted.map((change) => change[role])]),
    );
    const ids = accepted.map(({ resourceId }) => resourceId);
    const sets = written.map(({ role }) => {
      const type = columns.typeOf(resource[role]);
      return `:${role}: = coalesce(cast(c.${alias(role)} as ${type}), r.:${role}:)`;
    });
    const sql = `update :table: as r set ${sets.join(', ')}
      from unnest(cast(:ids as ${columns.idType}[]), ${written.map(({ role, type }) => `cast(:${role}Values as ${type}[])`).join(', ')})
        as c(id, ${written.map(({ role }) => alias(role)).join(', ')})
      where r.:id: = c.id and r.:id: = any(array(select unnest(cast(:ids as ${columns.idType}[]))))`;
    try {
      await transaction.raw(sql, { ...resource, ids, ...values });
    } catch (error) {
      throw notWritten(error, resource.table, overfullColumns(accepted, resource, columns));
    }
  }

  async #resources(
    filter: string,
    bindings: Readonly<Record<string, string | string[]>>,
    limit?: number,
  ): Promise<readonly Resource[]> {
    const columns = await this.#tables.resource();
    const owners = await this.#tables.owners();
    const { resource } = this.#tables.names;
    const optional = (role: 'name' | 'format' | 'urlType') =>
      columns.typeOf(resource[role]) ? `cast(r.:${role}: as text)` : 'null';
    const sql = `select cast(r.:id: as text) as "id", cast(r.:datasetId: as text) as "datasetId",
        coalesce(r.:url:, '') as "url", ${optional('name')} as "name", ${optional('format')} as "format",
        nullif(${optional('urlType')}, '') as "urlType", ${owners.select}
      from :table: as r ${owners.ofResources}
      where ${filter} and r.:datasetId: is not null and ${isThere(columns, 'r', resource.state)}
      order by r.:id: ${limit === undefined ? '' : 'limit :limit'}`;
    const bound = { ...owners.bindings, ...resource, ...bindings, limit: limit ?? 0 };
    const rows = await this.#rows<OwnedResource>('reading resources', sql, bound);
    return rows.map((row) => this.#resourceOf(row));
  }

  #resourceOf({ ownerId, ownerName, ownerTitle, ...row }: OwnedResource): Resource {
    const { id, datasetId } = row;
    const page = pageUrl(this.#tables.names.pages.resource, this.#site, { id, datasetId });
    return { ...row, organisation: ownerOf({ ownerId, ownerName, ownerTitle }), pageUrl: page };
  }

  async #datasets(filter: string, wanted: string | string[]): Promise<readonly DatasetRow[]> {
    const columns = await this.#tables.dataset();
    const owners = await this.#tables.owners();
    const { dataset, pages } = this.#tables.names;
    const title = columns.typeOf(dataset.title) ? 'd.:title:' : 'null';
    const hidden = dataset.private === null ? 'false' : 'coalesce(d.:private:, false)';
    const sql = `select cast(d.:id: as text) as "id", d.:name: as "name", ${title} as "title", ${hidden} as "private",
        ${owners.select}
      from :table: as d ${owners.ofDatasets}
      where ${filter} and ${isThere(columns, 'd', dataset.state)}`;
    const bound = { ...owners.bindings, ...dataset, wanted };
    const found = await this.#rows<OwnedDataset>('reading datasets', sql, bound);
    return found.map(({ ownerId, ownerName, ownerTitle, ...row }) => {
      const page = pageUrl(pages.dataset, this.#site, { id: row.id, name: row.name });
      return { ...row, organisation: ownerOf({ ownerId, ownerName, ownerTitle }), pageUrl: page };
    });
  }

  async #rows<Row>(doing: string, sql: string, bindings: Readonly<Record<string, unknown>>): Promise<readonly Row[]> {
    const { rows } = await this.#guarded(doing, () => this.#knex.raw<{ rows: Row[] }>(sql, bindings));
    return rows;
  }

  async #guarded<Value>(doing: string, work: () => PromiseLike<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw new ArchiverError('database-failed', `The portal's database failed while ${doing}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

const alias = (role: string): string => `"${role}"`;

const isThere = (columns: TableColumns, table: string, state: string): string =>
  columns.typeOf(state) ? `${table}.:state: is distinct from 'deleted'` : 'true';
