import type { Config } from '../settings/Config.ts';

/** Where a portal's resources lie: a table (`resource` or `catalog.resource`) and its columns. */
export interface ResourceTable {
  readonly table: string;
  readonly id: string;
  readonly datasetId: string;
  readonly url: string;
  readonly name: string;
  readonly format: string;
  readonly urlType: string;
  /** Rows whose state is `deleted` count as gone, as in CKAN. */
  readonly state: string;
  readonly cacheUrl: string;
  readonly cacheLastUpdated: string;
  readonly hash: string;
  readonly size: string;
  readonly mimetype: string;
}

/** Where a portal's datasets lie: a table and its columns. */
export interface DatasetTable {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** null: the portal has no private datasets. */
  readonly private: string | null;
  readonly state: string;
}

/** Names that differ from CKAN's. A column that is named here must exist; of the others only what is needed must. */
export interface TableNames {
  readonly resource?: Partial<ResourceTable>;
  readonly dataset?: Partial<DatasetTable>;
}

/** CKAN's table of resources. */
export const CKAN_RESOURCE: ResourceTable = {
  table: 'resource',
  id: 'id',
  datasetId: 'package_id',
  url: 'url',
  name: 'name',
  format: 'format',
  urlType: 'url_type',
  state: 'state',
  cacheUrl: 'cache_url',
  cacheLastUpdated: 'cache_last_updated',
  hash: 'hash',
  size: 'size',
  mimetype: 'mimetype',
};

/** CKAN's table of datasets. */
export const CKAN_DATASET: DatasetTable = {
  table: 'package',
  id: 'id',
  name: 'name',
  title: 'title',
  private: 'private',
  state: 'state',
};

/** What `tables` names that is none of our names, one sentence each: a mistyped key would leave the default in force. */
export function tableNameErrors(tables: TableNames = {}): readonly string[] {
  const known: Readonly<Record<string, object>> = { resource: CKAN_RESOURCE, dataset: CKAN_DATASET };
  return Object.entries(tables).flatMap(([table, names]) => {
    const allowed = Object.keys(known[table] ?? {});
    if (allowed.length === 0) return [`tables.${table} is none of ${Object.keys(known).join(', ')}.`];
    const wrong = Object.keys(names ?? {}).filter((name) => !allowed.includes(name));
    return wrong.map((name) => `tables.${table}.${name} is none of ${allowed.join(', ')}.`);
  });
}

type SettingsOf<Table> = Readonly<Record<keyof Table, keyof Config>>;

/** The setting of each name. */
const RESOURCE_SETTINGS: SettingsOf<ResourceTable> = {
  table: 'resourceTable',
  id: 'resourceIdColumn',
  datasetId: 'resourceDatasetColumn',
  url: 'resourceUrlColumn',
  name: 'resourceNameColumn',
  format: 'resourceFormatColumn',
  urlType: 'resourceUrlTypeColumn',
  state: 'resourceStateColumn',
  cacheUrl: 'resourceCacheUrlColumn',
  cacheLastUpdated: 'resourceCacheLastUpdatedColumn',
  hash: 'resourceHashColumn',
  size: 'resourceSizeColumn',
  mimetype: 'resourceMimetypeColumn',
};

const DATASET_SETTINGS: SettingsOf<DatasetTable> = {
  table: 'datasetTable',
  id: 'datasetIdColumn',
  name: 'datasetNameColumn',
  title: 'datasetTitleColumn',
  private: 'datasetPrivateColumn',
  state: 'datasetStateColumn',
};

/** What a host names, as settings: the environment may still name another. */
export function tableSettingsOf({ resource = {}, dataset = {} }: TableNames = {}): Readonly<Record<string, unknown>> {
  const named: Readonly<Record<string, string | null | undefined>>[] = [resource, dataset];
  const settings: Readonly<Record<string, keyof Config>>[] = [RESOURCE_SETTINGS, DATASET_SETTINGS];
  const pairs = named.flatMap((names, i) =>
    Object.entries(names).flatMap(([role, name]) => {
      const setting = settings[i]?.[role];
      return setting === undefined || name === undefined ? [] : [[setting, name ?? ''] as const];
    }),
  );
  return Object.fromEntries(pairs);
}

/** Where the settings say that resources and datasets lie. */
export function tableNamesOf(config: Config): { readonly resource: ResourceTable; readonly dataset: DatasetTable } {
  const { datasetPrivateColumn } = config;
  return {
    resource: { ...CKAN_RESOURCE, ...namesIn(config, RESOURCE_SETTINGS) },
    dataset: { ...CKAN_DATASET, ...namesIn(config, DATASET_SETTINGS), private: datasetPrivateColumn || null },
  };
}

const namesIn = (config: Config, settings: Readonly<Record<string, keyof Config>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(settings).map(([role, setting]) => [role, String(config[setting])]));

type Names = Readonly<Record<string, string | null | undefined>>;

/** Columns that the host (`given`) or a setting names: those must be there, also where CKAN's (`usual`) need not. */
export function namedColumns(names: Names, usual: Names, given: Names): string[] {
  return Object.entries(names).flatMap(([role, column]) => {
    const isNamed = column !== usual[role] || column === given[role];
    return role !== 'table' && isNamed && typeof column === 'string' ? [column] : [];
  });
}
