import { ArchiverError } from '../errors.ts';
import type { Config } from '../settings/Config.ts';
import { CONTACT_ROLES } from './datasetContacts.ts';
import type { HostDatabase, HostTransaction } from './HostDatabase.ts';
import { NO_OWNERS, type OwnerJoin, ownerJoin } from './ownerJoin.ts';
import { lookAtTable, type TableColumns, type TableLook } from './tableColumns.ts';
import {
  type AllTableNames,
  CKAN_DATASET,
  CKAN_ORGANISATION,
  CKAN_RESOURCE,
  type DatasetTable,
  namedColumns,
  type TableNames,
  tableNamesOf,
  withCkanNames,
} from './tableNames.ts';
import { tableRightErrors } from './tableRights.ts';
import { writtenColumnErrors } from './writtenColumns.ts';

/** The tables as they are, looked at when they are first needed. */
interface Look {
  readonly resource: TableColumns;
  readonly dataset: TableColumns;
  /** null: there are none, or they cannot be read. */
  readonly organisation: TableColumns | null;
}

/** Where a host's resources, datasets and organisations lie, and what those tables are like. */
export class HostTables {
  readonly #knex: HostDatabase;
  /** What the host names; the settings may name others. */
  readonly #given: TableNames;
  readonly #writesUrl: boolean;
  #names: AllTableNames;
  #look: Promise<Look> | null = null;

  /** `writesUrl`: URLs are edited in the table of resources, too. */
  constructor(knex: HostDatabase, given: TableNames, { writesUrl }: { readonly writesUrl: boolean }) {
    this.#knex = knex;
    this.#given = given;
    this.#writesUrl = writesUrl;
    this.#names = withCkanNames(given);
  }

  get names(): AllTableNames {
    return this.#names;
  }

  /**
   * Takes the names that the settings have, and looks at the tables. Throws one `ArchiverError('host-unsuitable')` that names, a
   * line each, the rights that are missing; where there are all, what else is, and the columns that cannot take what is written.
   */
  async check(config?: Config): Promise<void> {
    if (config) this.#names = tableNamesOf(config);
    throwAll(await this.#rightErrors());
    this.#look = null;
    const { resource, dataset, organisation } = await this.#lookAtAll();
    const written = writtenColumnErrors(this.#names.resource, resource.columns);
    throwAll([...resource.errors, ...dataset.errors, ...(organisation?.errors ?? []), ...written]);
    this.#look = Promise.resolve(fitting({ resource, dataset, organisation }));
  }

  async resource(): Promise<TableColumns> {
    return (await this.#read()).resource;
  }

  async dataset(): Promise<TableColumns> {
    return (await this.#read()).dataset;
  }

  /** null: there are none, or they cannot be read. */
  async organisation(): Promise<TableColumns | null> {
    return (await this.#read()).organisation;
  }

  async owners(): Promise<OwnerJoin> {
    const { resource, dataset, organisation } = await this.#read();
    return organisation === null ? NO_OWNERS : ownerJoin(this.#names, { resource, dataset, organisation });
  }

  /** Columns that the archiver's migration adds may have come since the first look. */
  async written(transaction: HostTransaction): Promise<TableColumns> {
    const { resource } = this.#names;
    const columns = await this.resource();
    if (columns.typeOf(resource.cacheUrl) && columns.typeOf(resource.cacheLastUpdated)) return columns;
    const look = { ...(await this.#read()), resource: fit(await this.#lookAtResource(transaction)) };
    this.#look = Promise.resolve(look);
    return look.resource;
  }

  /** Columns of another table, of any name: none where it is not there. */
  async others(table: string): Promise<TableColumns> {
    return (await lookAtTable(this.#knex, { table, id: '' }, [])).columns;
  }

  #read(): Promise<Look> {
    this.#look ??= this.#lookAtAll()
      .then(fitting)
      .catch((error: unknown) => {
        this.#look = null;
        throw error;
      });
    return this.#look;
  }

  async #lookAtAll(): Promise<Looks> {
    const dataset = await this.#lookAtDataset();
    return {
      resource: await this.#lookAtResource(this.#knex),
      dataset,
      organisation: await this.#lookAtOrganisation(dataset.columns),
    };
  }

  #lookAtResource(knex: HostTransaction): Promise<TableLook> {
    const { resource } = this.#names;
    const { id, datasetId, url } = resource;
    const named = namedColumns({ ...resource }, { ...CKAN_RESOURCE }, { ...this.#given.resource });
    // The archiver adds these two itself, under these names alone.
    const added = [CKAN_RESOURCE.cacheUrl, CKAN_RESOURCE.cacheLastUpdated];
    const needed = [id, datasetId, url, ...named].filter((column) => !added.includes(column));
    return lookAtTable(knex, resource, needed);
  }

  #lookAtDataset(): Promise<TableLook> {
    const { dataset } = this.#names;
    const { id, name, private: hidden } = dataset;
    const named = namedColumns({ ...dataset }, { ...CKAN_DATASET }, { ...this.#given.dataset });
    const owner = this.#namedOfOrganisation() === null ? [] : [dataset.organisationId];
    return lookAtTable(this.#knex, dataset, [id, name, ...(hidden === null ? [] : [hidden]), ...named, ...owner]);
  }

  /** null: datasets say nothing of organisations, or there is no table of them that can be read; an error where one is named. */
  async #lookAtOrganisation(dataset: TableColumns): Promise<TableLook | null> {
    const { organisation } = this.#names;
    const named = this.#namedOfOrganisation();
    const { id, name } = organisation;
    const look = await lookAtTable(this.#knex, organisation, [id, name, ...(named ?? [])]);
    const isReadable = dataset.mayRead(this.#names.dataset.organisationId) && [id, name].every(look.columns.mayRead);
    return named !== null || (isReadable && look.errors.length === 0) ? look : null;
  }

  /** Columns that must be there; null: neither the host nor a setting names where organisations are. */
  #namedOfOrganisation(): readonly string[] | null {
    const { memberTable: _, ...names } = this.#names.organisation;
    const given = { ...this.#given.organisation };
    const named = namedColumns(names, { ...CKAN_ORGANISATION }, given);
    const owner = this.#given.dataset?.organisationId ?? this.#names.dataset.organisationId;
    const tables = [names.table !== CKAN_ORGANISATION.table, given.table !== undefined];
    const owners = [owner !== CKAN_DATASET.organisationId, this.#given.dataset?.organisationId !== undefined];
    return [...tables, ...owners, named.length > 0].some(Boolean) ? named : null;
  }

  /** Where nobody has named them, and they may not be read, nobody is written to. */
  #namedContactColumns(): readonly string[] {
    const rolesOf = (names: Partial<DatasetTable>) =>
      Object.fromEntries(CONTACT_ROLES.map((role) => [role, names[role]]));
    return namedColumns(rolesOf(this.#names.dataset), rolesOf(CKAN_DATASET), rolesOf(this.#given.dataset ?? {}));
  }

  async #rightErrors(): Promise<readonly string[]> {
    const { resource, dataset, organisation } = this.#names;
    const { table, cacheUrl, cacheLastUpdated, hash, size, mimetype, ...read } = resource;
    const {
      table: datasetTable,
      organisationId,
      maintainer,
      maintainerEmail,
      author,
      authorEmail,
      ...readOfDataset
    } = dataset;
    const { table: organisationTable, memberTable: _, ...readOfOrganisation } = organisation;
    const writes = [cacheUrl, cacheLastUpdated, hash, size, mimetype, ...(this.#writesUrl ? [resource.url] : [])];
    // What nobody has named is left alone where it may not be read.
    const named = this.#namedOfOrganisation() !== null;
    const ofDataset = Object.values(readOfDataset).filter((column) => column !== null);
    const owners = Object.values(readOfOrganisation);
    return [
      ...(await tableRightErrors(this.#knex, table, { reads: [...Object.values(read), ...writes], writes })),
      ...(await tableRightErrors(this.#knex, datasetTable, {
        reads: [...ofDataset, ...(named ? [organisationId] : []), ...this.#namedContactColumns()],
        writes: [],
      })),
      ...(named ? await tableRightErrors(this.#knex, organisationTable, { reads: owners, writes: [] }) : []),
    ];
  }
}

interface Looks {
  readonly resource: TableLook;
  readonly dataset: TableLook;
  readonly organisation: TableLook | null;
}

function fitting({ resource, dataset, organisation }: Looks): Look {
  return { resource: fit(resource), dataset: fit(dataset), organisation: organisation && fit(organisation) };
}

function fit({ columns, errors }: TableLook): TableColumns {
  throwAll(errors);
  return columns;
}

function throwAll(errors: readonly string[]): void {
  if (errors.length > 0) throw new ArchiverError('host-unsuitable', errors.join('\n'));
}
