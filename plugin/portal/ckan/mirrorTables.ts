import type { Knex } from 'knex';
import type { Database } from '../../record/Database.ts';
import type { RemoteDataset, RemoteResource } from './remoteDataset.ts';

/** What is known of the portal as a whole. */
export interface MirrorState {
  /** Absolute URL without a trailing slash. */
  readonly site: string;
  /** The newest `metadata_modified` that a whole listing has seen, by the portal's own clock; null: none was whole. */
  readonly listedUntil: Date | null;
}

/** What one page of datasets changed in the mirror. */
export interface Applied {
  /** Resources that their dataset has no longer. */
  readonly removed: readonly { readonly id: string; readonly datasetId: string }[];
  /** Datasets that are new, or whose `metadata_modified` differs. */
  readonly changedIds: ReadonlySet<string>;
}

/** A dataset of the mirror and when the portal last changed it. */
export interface MirroredDataset {
  readonly id: string;
  readonly modifiedAt: Date | null;
  readonly private: boolean;
}

/** A resource of the mirror, for the index of the folder and the portal's task_status. */
export interface MirroredResource {
  readonly id: string;
  /** The dataset's name. */
  readonly dataset: string;
  readonly name: string | null;
  readonly url: string;
  /** Of the dataset. */
  readonly private: boolean;
  readonly taskStatusSentAt: Date | null;
}

const TABLES = `
  create schema if not exists :schema:;
  create table if not exists :schema:.mirror (
    only_row boolean primary key default true check (only_row),
    site text not null,
    listed_until timestamptz
  );
  create table if not exists :schema:.dataset (
    id text primary key,
    name text not null,
    title text,
    private boolean not null,
    state text not null default 'active',
    modified_at timestamptz,
    missing_count integer not null default 0,
    write_paused_until timestamptz
  );
  create index if not exists dataset_name on :schema:.dataset (name);
  create table if not exists :schema:.resource (
    id text primary key,
    package_id text not null,
    url text not null,
    name text,
    format text,
    url_type text,
    state text not null default 'active',
    position integer not null,
    cache_url text,
    cache_last_updated timestamptz,
    hash text,
    size bigint,
    mimetype text,
    remote_cache_url text,
    remote_cache_last_updated timestamptz,
    remote_hash text,
    remote_size bigint,
    remote_mimetype text,
    task_status_sent_at timestamptz
  );
  create index if not exists resource_package on :schema:.resource (package_id);
  comment on schema :schema: is 'The catalogue of a CKAN portal that portal-archiver mirrors.'`;

/** A listing that the portal gave anew is an update, only where something differs: rows stay as they are otherwise. */
const PUT_DATASETS = `
  with given as (
    select * from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[]),
      cast(:privates as boolean[]), cast(:modifiedAts as timestamptz[])) as g (id, name, title, private, modified_at)),
  known as (select id, modified_at from :schema:.dataset where id = any(cast(:ids as text[]))),
  kept as (
    insert into :schema:.dataset as d (id, name, title, private, modified_at)
    select id, name, title, private, modified_at from given order by id
    on conflict (id) do update set name = excluded.name, title = excluded.title, private = excluded.private,
      modified_at = excluded.modified_at, missing_count = 0
    where (d.name, d.title, d.private, d.modified_at, d.missing_count)
      is distinct from (excluded.name, excluded.title, excluded.private, excluded.modified_at, 0))
  select given.id from given left join known using (id)
  where known.id is null or known.modified_at is distinct from given.modified_at`;

/** A copy of what another URL led to is not said to be this one's. */
const PUT_RESOURCES = `
  insert into :schema:.resource as r (id, package_id, url, name, format, url_type, position, remote_cache_url,
    remote_cache_last_updated, remote_hash, remote_size, remote_mimetype)
  select * from unnest(cast(:ids as text[]), cast(:datasetIds as text[]), cast(:urls as text[]), cast(:names as text[]),
    cast(:formats as text[]), cast(:urlTypes as text[]), cast(:positions as integer[]), cast(:cacheUrls as text[]),
    cast(:cacheLastUpdateds as timestamptz[]), cast(:hashes as text[]), cast(:sizes as bigint[]),
    cast(:mimetypes as text[])) as g (id)
  order by g.id
  on conflict (id) do update set package_id = excluded.package_id, url = excluded.url, name = excluded.name,
    format = excluded.format, url_type = excluded.url_type, position = excluded.position,
    cache_url = case when r.url = excluded.url then r.cache_url end,
    cache_last_updated = case when r.url = excluded.url then r.cache_last_updated end,
    remote_cache_url = excluded.remote_cache_url, remote_cache_last_updated = excluded.remote_cache_last_updated,
    remote_hash = excluded.remote_hash, remote_size = excluded.remote_size, remote_mimetype = excluded.remote_mimetype
  where (r.package_id, r.url, r.name, r.format, r.url_type, r.position, r.remote_cache_url,
      r.remote_cache_last_updated, r.remote_hash, r.remote_size, r.remote_mimetype)
    is distinct from (excluded.package_id, excluded.url, excluded.name, excluded.format, excluded.url_type,
      excluded.position, excluded.remote_cache_url, excluded.remote_cache_last_updated, excluded.remote_hash,
      excluded.remote_size, excluded.remote_mimetype)`;

const DROP_RESOURCES = `
  delete from :schema:.resource where package_id = any(cast(:datasetIds as text[])) and not (id = any(cast(:ids as text[])))
  returning id, package_id as "datasetId"`;

/** The portal's catalogue as it was last listed, in a schema of its own: what the ordinary adapter for tables reads. */
export class MirrorTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes what is missing. */
  async open(): Promise<void> {
    const { knex, schema } = this.#database;
    await this.#database.guard('making the tables of the mirror', () => knex.raw(TABLES, { schema }));
  }

  /** null: this database mirrors nothing yet. */
  async state(): Promise<MirrorState | null> {
    const sql = 'select site, listed_until as "listedUntil" from :schema:.mirror';
    const [row] = await this.#database.rows<MirrorState>('reading the state of the mirror', sql);
    return row ?? null;
  }

  async setSite(site: string): Promise<void> {
    const sql = `insert into :schema:.mirror (site) values (:site) on conflict (only_row) do update set site = excluded.site`;
    await this.#database.rows('naming the portal', sql, { site });
  }

  /** A listing was whole; from this moment on, by the portal's clock, the next one asks for changes. */
  async setListedUntil(listedUntil: Date): Promise<void> {
    await this.#database.rows('noting a listing', 'update :schema:.mirror set listed_until = :listedUntil', {
      listedUntil,
    });
  }

  /** Datasets with their resources, in one transaction; `within` joins it with what was removed. */
  async put(
    datasets: readonly RemoteDataset[],
    within: (removed: Applied['removed'], transaction: Knex.Transaction) => Promise<void>,
  ): Promise<Applied> {
    const { guard, rows, knex } = this.#database;
    // An id that stands in two datasets is the later one's: PostgreSQL takes no row twice in one statement.
    const resources = new Map(
      datasets.flatMap((dataset) => dataset.resources.map((resource) => [resource.id, { resource, dataset }] as const)),
    );
    const bound = resourceBindings([...resources.values()]);
    return guard('writing the catalogue of the mirror', () =>
      knex.transaction(async (transaction) => {
        const put = await rows<{ id: string }>(
          'writing datasets',
          PUT_DATASETS,
          datasetBindings(datasets),
          transaction,
        );
        await rows('writing resources', PUT_RESOURCES, bound, transaction);
        const gone = { ids: bound.ids, datasetIds: datasets.map(({ id }) => id) };
        const removed = await rows<Applied['removed'][number]>('dropping resources', DROP_RESOURCES, gone, transaction);
        await within(removed, transaction);
        return { removed, changedIds: new Set(put.map(({ id }) => id)) };
      }),
    );
  }

  /** All datasets by pages, in the order of their ids. */
  async *datasets(): AsyncGenerator<readonly MirroredDataset[]> {
    const sql = `select id, modified_at as "modifiedAt", private from :schema:.dataset where id > :after order by id limit 5000`;
    for (let after = ''; ; ) {
      const page: MirroredDataset[] = await this.#database.rows('reading the catalogue', sql, { after });
      if (page.length > 0) yield page;
      if (page.length < 5000) return;
      after = page.at(-1)?.id ?? '';
    }
  }

  /** These were not in a whole listing, all others were. Answers those that are missing for the second time in a row. */
  async markMissing(ids: readonly string[]): Promise<readonly string[]> {
    const { rows } = this.#database;
    const back =
      'update :schema:.dataset set missing_count = 0 where missing_count > 0 and not (id = any(cast(:ids as text[])))';
    await rows('comparing the catalogue', back, { ids });
    const sql = `update :schema:.dataset set missing_count = missing_count + 1 where id = any(cast(:ids as text[]))
      returning id, missing_count as "missingCount"`;
    const marked = await rows<{ id: string; missingCount: number }>('comparing the catalogue', sql, { ids });
    return marked.filter(({ missingCount }) => missingCount >= 2).map(({ id }) => id);
  }

  /** `within` joins the transaction that takes them away. */
  async remove(ids: readonly string[], within: (transaction: Knex.Transaction) => Promise<void>): Promise<void> {
    const { guard, rows, knex } = this.#database;
    await guard('removing datasets', () =>
      knex.transaction(async (transaction) => {
        const sql = 'delete from :schema:.resource where package_id = any(cast(:ids as text[]))';
        await rows('removing resources', sql, { ids }, transaction);
        await rows(
          'removing datasets',
          'delete from :schema:.dataset where id = any(cast(:ids as text[]))',
          { ids },
          transaction,
        );
        await within(transaction);
      }),
    );
  }

  /** All resources by pages, in the order of their ids. */
  async *resources(): AsyncGenerator<readonly MirroredResource[]> {
    const sql = `select r.id, d.name as dataset, r.name, r.url, d.private, r.task_status_sent_at as "taskStatusSentAt"
      from :schema:.resource as r join :schema:.dataset as d on d.id = r.package_id
      where r.id > :after order by r.id limit 1000`;
    for (let after = ''; ; ) {
      const page: MirroredResource[] = await this.#database.rows('reading the catalogue', sql, { after });
      if (page.length > 0) yield page;
      if (page.length < 1000) return;
      after = page.at(-1)?.id ?? '';
    }
  }

  async count(): Promise<{ readonly datasets: number; readonly resources: number }> {
    const sql = `select (select count(*)::int from :schema:.dataset) as datasets,
      (select count(*)::int from :schema:.resource) as resources`;
    const [row] = await this.#database.rows<{ datasets: number; resources: number }>('counting the catalogue', sql);
    return row ?? { datasets: 0, resources: 0 };
  }
}

function datasetBindings(datasets: readonly RemoteDataset[]) {
  return {
    ids: datasets.map(({ id }) => id),
    names: datasets.map(({ name }) => name),
    titles: datasets.map(({ title }) => title),
    privates: datasets.map((dataset) => dataset.private),
    modifiedAts: datasets.map(({ modifiedAt }) => modifiedAt),
  };
}

function resourceBindings(given: readonly { readonly resource: RemoteResource; readonly dataset: RemoteDataset }[]) {
  const all = <Value>(pick: (resource: RemoteResource) => Value): Value[] =>
    given.map(({ resource }) => pick(resource));
  return {
    ids: all(({ id }) => id),
    datasetIds: given.map(({ dataset }) => dataset.id),
    urls: all(({ url }) => url),
    names: all(({ name }) => name),
    formats: all(({ format }) => format),
    urlTypes: all(({ urlType }) => urlType),
    positions: all(({ position }) => position),
    cacheUrls: all(({ cacheUrl }) => cacheUrl),
    cacheLastUpdateds: all(({ cacheLastUpdatedAt }) => cacheLastUpdatedAt),
    hashes: all(({ hash }) => hash),
    sizes: all(({ size }) => size),
    mimetypes: all(({ mimetype }) => mimetype),
  };
}
