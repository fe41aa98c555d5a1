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
