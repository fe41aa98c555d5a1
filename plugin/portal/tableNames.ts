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
  /** Of the id of the organisation that a dataset belongs to. */
  readonly organisationId: string;
  /** Of the name and the address of who is written to about a dataset's links. */
  readonly maintainer: string;
  readonly maintainerEmail: string;
  /** Of the one who is written to where there is no address of a maintainer. */
  readonly author: string;
  readonly authorEmail: string;
}

/** Where a portal's organisations lie: a table and its columns. */
export interface OrganisationTable {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly state: string;
  /** Of the id of the organisation that one is a part of. Where there is none, CKAN's table of members says so. */
  readonly parentId: string;
  /** A table like CKAN's `member`, whose rows put one organisation below another. */
  readonly memberTable: string;
}

/**
 * Where a portal shows datasets and resources: below the portal's URL, or an absolute URL. `{id}`, `{name}` (of datasets) and
 * `{datasetId}` (of resources) stand for what they say; an empty text: there is no such page.
 */
export interface PageTemplates {
  readonly dataset: string;
  readonly resource: string;
}

/** Names that differ from CKAN's. A column that is named here must exist; of the others only what is needed must. */
export interface TableNames {
  readonly resource?: Partial<ResourceTable>;
  readonly dataset?: Partial<DatasetTable>;
  readonly organisation?: Partial<OrganisationTable>;
  readonly pages?: Partial<PageTemplates>;
}

/** All of them, CKAN's where the host or the settings name no other. */
export interface AllTableNames {
  readonly resource: ResourceTable;
  readonly dataset: DatasetTable;
  readonly organisation: OrganisationTable;
  readonly pages: PageTemplates;
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
  organisationId: 'owner_org',
  maintainer: 'maintainer',
  maintainerEmail: 'maintainer_email',
  author: 'author',
  authorEmail: 'author_email',
};

/** CKAN's table of groups, which organisations are. */
export const CKAN_ORGANISATION: OrganisationTable = {
  table: 'group',
  id: 'id',
  name: 'name',
  title: 'title',
  state: 'state',
  parentId: 'parent_id',
  memberTable: 'member',
};

/** CKAN's pages. */
export const CKAN_PAGES: PageTemplates = { dataset: '/dataset/{name}', resource: '/dataset/{datasetId}/resource/{id}' };

const CKAN_NAMES: AllTableNames = {
  resource: CKAN_RESOURCE,
  dataset: CKAN_DATASET,
  organisation: CKAN_ORGANISATION,
  pages: CKAN_PAGES,
};

/** CKAN's names, less those that a host has named otherwise. */
export function withCkanNames({ resource, dataset, organisation, pages }: TableNames): AllTableNames {
  return {
    resource: { ...CKAN_RESOURCE, ...resource },
    dataset: { ...CKAN_DATASET, ...dataset },
    organisation: { ...CKAN_ORGANISATION, ...organisation },
    pages: { ...CKAN_PAGES, ...pages },
  };
}

/** What `tables` names that is none of our names, one sentence each: a mistyped key would leave the default in force. */
export function tableNameErrors(tables: TableNames = {}): readonly string[] {
  const known: Readonly<Record<string, object>> = { ...CKAN_NAMES };
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
  organisationId: 'datasetOrganisationColumn',
  maintainer: 'datasetMaintainerColumn',
  maintainerEmail: 'datasetMaintainerEmailColumn',
  author: 'datasetAuthorColumn',
  authorEmail: 'datasetAuthorEmailColumn',
};

const ORGANISATION_SETTINGS: SettingsOf<OrganisationTable> = {
  table: 'organisationTable',
  id: 'organisationIdColumn',
  name: 'organisationNameColumn',
  title: 'organisationTitleColumn',
  state: 'organisationStateColumn',
  parentId: 'organisationParentColumn',
  memberTable: 'organisationMemberTable',
};

const PAGE_SETTINGS: SettingsOf<PageTemplates> = { dataset: 'datasetPage', resource: 'resourcePage' };

const SETTINGS_OF: Readonly<Record<keyof AllTableNames, Readonly<Record<string, keyof Config>>>> = {
  resource: RESOURCE_SETTINGS,
  dataset: DATASET_SETTINGS,
  organisation: ORGANISATION_SETTINGS,
  pages: PAGE_SETTINGS,
};

/** What a host names, as settings: the environment may still name another. */
export function tableSettingsOf(tables: TableNames = {}): Readonly<Record<string, unknown>> {
  const { resource = {}, dataset = {}, organisation = {}, pages = {} } = tables;
  return {
    ...settingsOf(resource, SETTINGS_OF.resource),
    ...settingsOf(dataset, SETTINGS_OF.dataset),
    ...settingsOf(organisation, SETTINGS_OF.organisation),
    ...settingsOf(pages, SETTINGS_OF.pages),
  };
}

function settingsOf(
  names: Readonly<Record<string, string | null | undefined>>,
  settings: Readonly<Record<string, keyof Config>>,
): Readonly<Record<string, string>> {
  const pairs = Object.entries(names).flatMap(([role, name]) => {
    const setting = settings[role];
    return setting === undefined || name === undefined ? [] : [[setting, name ?? ''] as const];
  });
  return Object.fromEntries(pairs);
}

/** Where the settings say that resources, datasets and organisations lie. */
export function tableNamesOf(config: Config): AllTableNames {
  const { resource, dataset, organisation, pages } = withCkanNames({
    resource: namesIn(config, RESOURCE_SETTINGS),
    dataset: namesIn(config, DATASET_SETTINGS),
    organisation: namesIn(config, ORGANISATION_SETTINGS),
    pages: namesIn(config, PAGE_SETTINGS),
  });
  return { resource, organisation, pages, dataset: { ...dataset, private: config.datasetPrivateColumn || null } };
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
