import type { Setting } from './Setting.ts';
import { type SettingKind, tableName, text } from './settingKinds.ts';

/** A name that the adapter can put between quotation marks: knex reads dots, question marks, colons and " as " for itself. */
const column = (emptyMeans?: string): SettingKind<string> =>
  text({
    name: 'column',
    accepted: `the name of a column: at most 63 characters, none of " . : ?${emptyMeans ? `; nothing: ${emptyMeans}` : ''}`,
    pattern: emptyMeans ? /^(?!.* as )[^\0".:?]{0,63}$/i : /^(?!.* as )[^\0".:?]{1,63}$/i,
    emptyCounts: emptyMeans !== undefined,
  });

const columnOf = <const Name extends string, const Environment extends string>(
  environment: Environment,
  name: Name,
  description: string,
) => ({ environment, group: 'database', kind: column(), default: name, description }) as const;

const tableOf = <const Name extends string, const Environment extends string>(
  environment: Environment,
  name: Name,
  description: string,
) => ({ environment, group: 'database', kind: tableName(), default: name, description }) as const;

const pageOf = <const Page extends string, const Environment extends string>(
  environment: Environment,
  page: Page,
  description: string,
) =>
  ({
    environment,
    group: 'database',
    kind: text({
      name: 'page',
      accepted: 'a path that begins with /, or an absolute URL; nothing: there is no such page',
      pattern: /^((\/|https?:\/\/)[^\s\0]{0,2000})?$/,
      emptyCounts: true,
    }),
    default: page,
    description,
  }) as const;

/** Where the adapter finds the portal's resources and datasets; the defaults are CKAN's names. */
export const TABLE_SETTINGS = {
  resourceTable: {
    environment: 'ARCHIVER_RESOURCE_TABLE',
    group: 'database',
    kind: tableName(),
    default: 'resource',
    description: "The portal's table of resources.",
  },
  resourceIdColumn: columnOf('ARCHIVER_RESOURCE_ID_COLUMN', 'id', "Column of a resource's id."),
  resourceDatasetColumn: columnOf(
    'ARCHIVER_RESOURCE_DATASET_COLUMN',
    'package_id',
    "Column of the id of a resource's dataset.",
  ),
  resourceUrlColumn: columnOf('ARCHIVER_RESOURCE_URL_COLUMN', 'url', "Column of a resource's URL."),
  resourceNameColumn: columnOf(
    'ARCHIVER_RESOURCE_NAME_COLUMN',
    'name',
    "Column of a resource's name; read where it is there.",
  ),
  resourceFormatColumn: columnOf(
    'ARCHIVER_RESOURCE_FORMAT_COLUMN',
    'format',
    'Column of the format that an editor gave; read where it is there.',
  ),
  resourceUrlTypeColumn: columnOf(
    'ARCHIVER_RESOURCE_URL_TYPE_COLUMN',
    'url_type',
    "Column that says whether the URL is the portal's own (`upload`, `datastore`); read where it is there.",
  ),
  resourceStateColumn: columnOf(
    'ARCHIVER_RESOURCE_STATE_COLUMN',
    'state',
    'Column whose text `deleted` takes a resource away; read where it is there.',
  ),
  resourceCacheUrlColumn: columnOf(
    'ARCHIVER_RESOURCE_CACHE_URL_COLUMN',
    'cache_url',
    "Column of the newest copy's URL, which the archiver writes; `cache_url` is added where it is missing.",
  ),
  resourceCacheLastUpdatedColumn: columnOf(
    'ARCHIVER_RESOURCE_CACHE_LAST_UPDATED_COLUMN',
    'cache_last_updated',
    "Column of the newest copy's date, which the archiver writes; `cache_last_updated` is added where it is missing.",
  ),
  resourceHashColumn: columnOf(
    'ARCHIVER_RESOURCE_HASH_COLUMN',
    'hash',
    "Column of the newest copy's digest, written where it is there.",
  ),
  resourceSizeColumn: columnOf(
    'ARCHIVER_RESOURCE_SIZE_COLUMN',
    'size',
    "Column of the newest copy's bytes, written where it is there.",
  ),
  resourceMimetypeColumn: columnOf(
    'ARCHIVER_RESOURCE_MIMETYPE_COLUMN',
    'mimetype',
    "Column of the newest copy's media type, written where it is there.",
  ),
  datasetTable: {
    environment: 'ARCHIVER_DATASET_TABLE',
    group: 'database',
    kind: tableName(),
    default: 'package',
    description: "The portal's table of datasets.",
  },
  datasetIdColumn: columnOf('ARCHIVER_DATASET_ID_COLUMN', 'id', "Column of a dataset's id."),
  datasetNameColumn: columnOf('ARCHIVER_DATASET_NAME_COLUMN', 'name', "Column of a dataset's name in URLs."),
  datasetTitleColumn: columnOf(
    'ARCHIVER_DATASET_TITLE_COLUMN',
    'title',
    "Column of a dataset's title; read where it is there.",
  ),
  datasetPrivateColumn: {
    environment: 'ARCHIVER_DATASET_PRIVATE_COLUMN',
    group: 'database',
    kind: column('the portal has no private datasets'),
    default: 'private',
    description:
      'Column that says whether a dataset is private; set to nothing where the portal has no private datasets.',
  },
  datasetStateColumn: columnOf(
    'ARCHIVER_DATASET_STATE_COLUMN',
    'state',
    'Column whose text `deleted` takes a dataset away; read where it is there.',
  ),
  datasetOrganisationColumn: columnOf(
    'ARCHIVER_DATASET_ORGANISATION_COLUMN',
    'owner_org',
    "Column of the id of a dataset's organisation; read where it is there.",
  ),
  datasetMaintainerColumn: columnOf(
    'ARCHIVER_DATASET_MAINTAINER_COLUMN',
    'maintainer',
    "Column of the name of a dataset's maintainer, who may get mail; read where it is there.",
  ),
  datasetMaintainerEmailColumn: columnOf(
    'ARCHIVER_DATASET_MAINTAINER_EMAIL_COLUMN',
    'maintainer_email',
    "Column of that maintainer's address; read where it is there.",
  ),
  datasetAuthorColumn: columnOf(
    'ARCHIVER_DATASET_AUTHOR_COLUMN',
    'author',
    'Column of the name of the author, who gets the mail where no maintainer has an address; read where it is there.',
  ),
  datasetAuthorEmailColumn: columnOf(
    'ARCHIVER_DATASET_AUTHOR_EMAIL_COLUMN',
    'author_email',
    "Column of that author's address; read where it is there.",
  ),
  organisationTable: tableOf(
    'ARCHIVER_ORGANISATION_TABLE',
    'group',
    "The portal's table of organisations; read where it is there.",
  ),
  organisationIdColumn: columnOf('ARCHIVER_ORGANISATION_ID_COLUMN', 'id', "Column of an organisation's id."),
  organisationNameColumn: columnOf(
    'ARCHIVER_ORGANISATION_NAME_COLUMN',
    'name',
    "Column of an organisation's name in URLs.",
  ),
  organisationTitleColumn: columnOf(
    'ARCHIVER_ORGANISATION_TITLE_COLUMN',
    'title',
    "Column of an organisation's title; read where it is there.",
  ),
  organisationStateColumn: columnOf(
    'ARCHIVER_ORGANISATION_STATE_COLUMN',
    'state',
    'Column whose text `deleted` takes an organisation away; read where it is there.',
  ),
  organisationParentColumn: columnOf(
    'ARCHIVER_ORGANISATION_PARENT_COLUMN',
    'parent_id',
    'Column of the id of the organisation that one is a part of; read where it is there.',
  ),
  organisationMemberTable: tableOf(
    'ARCHIVER_ORGANISATION_MEMBER_TABLE',
    'member',
    "CKAN's table that puts organisations below others; read where it is there and no column says so.",
  ),
  datasetPage: pageOf(
    'ARCHIVER_DATASET_PAGE',
    '/dataset/{name}',
    'Where the portal shows a dataset, below its URL; `{id}` and `{name}` stand for those of the dataset.',
  ),
  resourcePage: pageOf(
    'ARCHIVER_RESOURCE_PAGE',
    '/dataset/{datasetId}/resource/{id}',
    'Where the portal shows a resource, below its URL; `{id}` and `{datasetId}` stand for those ids.',
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
