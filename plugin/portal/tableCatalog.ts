import { ArchiverError, messageOf } from '../errors.ts';
import type { Dataset, Resource } from '../model/resource.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { Config } from '../settings/Config.ts';
import { readCacheUrls } from './cacheUrls.ts';
import type { HostDatabase, HostTransaction } from './HostDatabase.ts';
import type { Catalog } from './Portal.ts';
import { lookAtTable, type TableColumns, type TableLook } from './tableColumns.ts';
import {
  CKAN_DATASET,
  CKAN_RESOURCE,
  type DatasetTable,
  namedColumns,
  type ResourceTable,
  type TableNames,
  tableNamesOf,
} from './tableNames.ts';
import { tableRightErrors } from './tableRights.ts';
import { notWritten, overfullColumns, WRITTEN, writtenColumnErrors } from './writtenColumns.ts';

type DatasetRow = Omit<Dataset, 'resources'>;

/** Datasets and resources in two tables of the host. Looks at their columns once, when it first needs them. */
export class TableCatalog implements Catalog {
  readonly #knex: HostDatabase;
  /** What the host names; the settings may name others. */
  readonly #given: TableNames;
  #resource: ResourceTable;
  #dataset: DatasetTable;
  #resourceColumns: Promise<TableColumns> | null = null;
  #datasetColumns: Promise<TableColumns> | null = null;

  constructor(knex: HostDatabase, names: TableNames = {}) {
    this.#knex = knex;
    this.#given = names;
    this.#resource = { ...CKAN_RESOURCE, ...names.resource };
    this.#dataset = { ...CKAN_DATASET, ...names.dataset };
  }

  /**
   * Takes the names that the settings have, and looks at the tables. Throws one `ArchiverError('host-unsuitable')` that names, a
   * line each, the rights that are missing; where there are all, what else is, and the columns that cannot take what is written.
   */
  async check(config?: Config): Promise<void> {
    if (config) ({ resource: this.#resource, dataset: this.#dataset } = tableNamesOf(config));
    throwAll(await this.#rightErrors());
    this.#resourceColumns = null;
    this.#datasetColumns = null;
    const resource = await this.#lookAtResource(this.#knex);
    const dataset = await this.#lookAtDataset();
    throwAll([...resource.errors, ...dataset.errors, ...writtenColumnErrors(this.#resource, resource.columns)]);
    this.#resourceColumns = Promise.resolve(resource.columns);
    this.#datasetColumns = Promise.resolve(dataset.columns);
  }

  async #rightErrors(): Promise<readonly string[]> {
    const { table, cacheUrl, cacheLastUpdated, hash, size, mimetype, ...read } = this.#resource;
    const { table: datasetTable, ...readOfDataset } = this.#dataset;
    const writes = [cacheUrl, cacheLastUpdated, hash, size, mimetype];
    const reads = [...Object.values(read), ...writes];
    const ofDataset = Object.values(readOfDataset).filter((column) => column !== null);
    return [
      ...(await tableRightErrors(this.#knex, table, { reads, writes })),
      ...(await tableRightErrors(this.#knex, datasetTable, { reads: ofDataset, writes: [] })),
    ];
  }

  async getResource(id: string): Promise<Resource | null> {
    const { isId, idType } = await this.#readResource();
    if (!isId(id)) return null;
    const [found] = await this.#resources(`r.:id: = cast(:wanted as ${idType})`, { wanted: id });
    return found ?? null;
  }

  async getResources(ids: readonly string[]): Promise<readonly Resource[]> {
    const { isId, idType } = await this.#readResource();
    const wanted = ids.filter(isId);
    return wanted.length === 0 ? [] : this.#resources(`r.:id: = any(cast(:wanted as ${idType}[]))`, { wanted });
  }

  async describeDataset(idOrName: string): Promise<DatasetRow | null> {
    if (idOrName.includes('\0')) return null;
    const { isId, idType } = await this.#readDataset();
    const byId = isId(idOrName) ? await this.#datasetWhere(`d.:id: = cast(:wanted as ${idType})`, idOrName) : null;
    return byId ?? this.#datasetWhere('d.:name: = :wanted', idOrName);
  }

  async listDatasetResources(
    datasetId: string,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly Resource[]> {
    const { idType, isId } = await this.#readResource();
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
    const { idType } = await this.#readResource();
    const filter = page.after === null ? 'true' : `r.:id: > cast(:after as ${idType})`;
    return this.#resources(filter, { after: page.after ?? '' }, page.limit);
  }

  async cacheUrls(ids: readonly string[], transaction: HostTransaction): Promise<ReadonlyMap<string, string>> {
    return readCacheUrls(ids, this.#resource, await this.#readWritten(transaction), transaction);
  }

  /** Plain SQL in one statement: no hook of the host sees an edit, and no other column is touched. */
  async writeBack(changes: readonly WriteBack[], transaction: HostTransaction): Promise<void> {
    const columns = await this.#readWritten(transaction);
    const accepted = changes.filter(({ resourceId }) => columns.isId(resourceId));
    const written = WRITTEN.filter(({ role }) => columns.typeOf(this.#resource[role]) !== undefined);
    if (accepted.length === 0 || written.length === 0) return;
    const values = Object.fromEntries(
      written.map(({ role }) => [`${role}Values`, accepted.map((change) => change[role])]),
    );
    const ids = accepted.map(({ resourceId }) => resourceId);
    const sets = written.map(({ role }) => {
      const type = columns.typeOf(this.#resource[role]);
      return `:${role}: = coalesce(cast(c.${alias(role)} as ${type}), r.:${role}:)`;
    });
    const sql = `update :table: as r set ${sets.join(', ')}
      from unnest(cast(:ids as ${columns.idType}[]), ${written.map(({ role, type }) => `cast(:${role}Values as ${type}[])`).join(', ')})
        as c(id, ${written.map(({ role }) => alias(role)).join(', ')})
      where r.:id: = c.id`;
    try {
      await transaction.raw(sql, { ...this.#resource, ids, ...values });
    } catch (error) {
      throw notWritten(error, this.#resource.table, overfullColumns(accepted, this.#resource, columns));
    }
  }

  /** Columns that the archiver's migration adds may have come since the first look. */
  async #readWritten(transaction: HostTransaction): Promise<TableColumns> {
    const columns = await this.#readResource();
    if (columns.typeOf(this.#resource.cacheUrl) && columns.typeOf(this.#resource.cacheLastUpdated)) return columns;
    this.#resourceColumns = Promise.resolve(fitting(await this.#lookAtResource(transaction)));
    return this.#resourceColumns;
  }

  async #resources(
    filter: string,
    bindings: Readonly<Record<string, string | string[]>>,
    limit?: number,
  ): Promise<readonly Resource[]> {
    const columns = await this.#readResource();
    const optional = (role: 'name' | 'format' | 'urlType') =>
      columns.typeOf(this.#resource[role]) ? `cast(r.:${role}: as text)` : 'null';
    const sql = `select cast(r.:id: as text) as "id", cast(r.:datasetId: as text) as "datasetId",
        coalesce(r.:url:, '') as "url", ${optional('name')} as "name", ${optional('format')} as "format",
        nullif(${optional('urlType')}, '') as "urlType"
      from :table: as r
      where ${filter} and r.:datasetId: is not null and ${this.#isThere(columns, 'r', this.#resource.state)}
      order by r.:id: ${limit === undefined ? '' : 'limit :limit'}`;
    return this.#rows<Resource>('reading resources', sql, { ...this.#resource, ...bindings, limit: limit ?? 0 });
  }

  async #datasetWhere(filter: string, wanted: string): Promise<DatasetRow | null> {
    const columns = await this.#readDataset();
    const title = columns.typeOf(this.#dataset.title) ? 'd.:title:' : 'null';
    const hidden = this.#dataset.private === null ? 'false' : 'coalesce(d.:private:, false)';
    const sql = `select cast(d.:id: as text) as "id", d.:name: as "name", ${title} as "title", ${hidden} as "private"
      from :table: as d where ${filter} and ${this.#isThere(columns, 'd', this.#dataset.state)} limit 1`;
    const [row] = await this.#rows<DatasetRow>('reading datasets', sql, { ...this.#dataset, wanted });
    return row ?? null;
  }

  #isThere(columns: TableColumns, table: string, state: string): string {
    return columns.typeOf(state) ? `${table}.:state: is distinct from 'deleted'` : 'true';
  }

  #readResource(): Promise<TableColumns> {
    this.#resourceColumns ??= this.#lookAtResource(this.#knex)
      .then(fitting)
      .catch((error: unknown) => {
        this.#resourceColumns = null;
        throw error;
      });
    return this.#resourceColumns;
  }

  #readDataset(): Promise<TableColumns> {
    this.#datasetColumns ??= this.#lookAtDataset()
      .then(fitting)
      .catch((error: unknown) => {
        this.#datasetColumns = null;
        throw error;
      });
    return this.#datasetColumns;
  }

  #lookAtResource(knex: HostTransaction): Promise<TableLook> {
    const { id, datasetId, url } = this.#resource;
    const named = namedColumns({ ...this.#resource }, { ...CKAN_RESOURCE }, { ...this.#given.resource });
    // The archiver adds these two itself, under these names alone.
    const added = [CKAN_RESOURCE.cacheUrl, CKAN_RESOURCE.cacheLastUpdated];
    return lookAtTable(
      knex,
      this.#resource,
      [id, datasetId, url, ...named].filter((column) => !added.includes(column)),
    );
  }

  #lookAtDataset(): Promise<TableLook> {
    const { id, name, private: hidden } = this.#dataset;
    const named = namedColumns({ ...this.#dataset }, { ...CKAN_DATASET }, { ...this.#given.dataset });
    return lookAtTable(this.#knex, this.#dataset, [id, name, ...(hidden === null ? [] : [hidden]), ...named]);
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

function fitting({ columns, errors }: TableLook): TableColumns {
  throwAll(errors);
  return columns;
}

function throwAll(errors: readonly string[]): void {
  if (errors.length > 0) throw new ArchiverError('host-unsuitable', errors.join('\n'));
}
