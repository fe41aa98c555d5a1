import type { Database } from '../../record/database/Database.ts';
import type { HostTransaction } from '../HostDatabase.ts';
import { DROP_RESOURCES, PUT_DATASETS, PUT_ORGANISATIONS, PUT_RESOURCES, TABLES } from './mirrorStatements.ts';
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
    const sql = 'select site, to_json(listed_until) as "listedUntil" from :schema:.mirror';
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
    within: (removed: Applied['removed'], transaction: HostTransaction) => Promise<void>,
  ): Promise<Applied> {
    const { guard, rows, knex } = this.#database;
    // An id that stands in two datasets is the later one's: PostgreSQL takes no row twice in one statement.
    const resources = new Map(
      datasets.flatMap((dataset) => dataset.resources.map((resource) => [resource.id, { resource, dataset }] as const)),
    );
    const bound = resourceBindings([...resources.values()]);
    return guard('writing the catalogue of the mirror', () =>
      knex.transaction(async (transaction) => {
        await rows('writing organisations', PUT_ORGANISATIONS, organisationBindings(datasets), transaction);
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
    const sql = `select id, to_json(modified_at) as "modifiedAt", private from :schema:.dataset where id > :after order by id limit 5000`;
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
  async remove(ids: readonly string[], within: (transaction: HostTransaction) => Promise<void>): Promise<void> {
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
    const sql = `select r.id, d.name as dataset, r.name, r.url, d.private, to_json(r.task_status_sent_at) as "taskStatusSentAt"
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
    ownerIds: datasets.map(({ organisation }) => organisation?.id ?? null),
  };
}

/** Each of them once. */
function organisationBindings(datasets: readonly RemoteDataset[]) {
  const owners = new Map(
    datasets.flatMap(({ organisation }) => (organisation ? [[organisation.id, organisation]] : [])),
  );
  const organisations = [...owners.values()];
  return {
    ids: organisations.map(({ id }) => id),
    names: organisations.map(({ name }) => name),
    titles: organisations.map(({ title }) => title),
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
