import type { Database } from '../../record/database/Database.ts';
import type { RemoteResource } from './remoteDataset.ts';

/** What may be written beside `cache_url` and its date. */
export type WriteBackField = 'hash' | 'size' | 'mimetype';

/** A resource of which the portal says something else than the mirror. */
export interface PendingWrite {
  readonly id: string;
  readonly datasetId: string;
  /** The dataset's name. */
  readonly dataset: string;
  /** null: there is no copy of what its URL leads to, so that the portal's word of ours goes. */
  readonly cacheUrl: string | null;
  readonly cacheLastUpdatedAt: Date | null;
  /** 32 hexadecimal digits, as CKAN's own tools write them. */
  readonly md5: string | null;
  readonly size: number | null;
  readonly mimetype: string | null;
}

const PAGE = 1000;

/** Another archiver's `cache_url` is replaced by a copy's, but never cleared: it is not ours. */
const PENDING = `
  select r.id, r.package_id as "datasetId", d.name as dataset, r.cache_url as "cacheUrl",
    to_json(r.cache_last_updated) as "cacheLastUpdatedAt", substr(r.hash, 5) as md5, cast(r.size as float8) as size, r.mimetype
  from :schema:.resource as r join :schema:.dataset as d on d.id = r.package_id
  where not d.private and d.missing_count = 0 and (d.write_paused_until is null or d.write_paused_until <= :now)
    and case when r.cache_url is null then starts_with(r.remote_cache_url, :base) else
      r.remote_cache_url is distinct from r.cache_url
      or date_trunc('second', r.remote_cache_last_updated) is distinct from date_trunc('second', r.cache_last_updated)
      or ('hash' = any(cast(:fields as text[])) and r.remote_hash is distinct from substr(r.hash, 5))
      or ('size' = any(cast(:fields as text[])) and r.size is not null and r.remote_size is distinct from r.size)
      or ('mimetype' = any(cast(:fields as text[])) and r.mimetype is not null
        and r.remote_mimetype is distinct from r.mimetype) end
    and (r.package_id, r.id) > (:afterDataset, :afterResource)
  order by r.package_id, r.id limit ${PAGE}`;

/** What the portal was last known to say of our copies, and when it may be told again. */
export class WriteBackTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By pages, a dataset's resources one after the other; `base` is where our copies' URLs begin. */
  async *pending(asked: {
    readonly base: string;
    readonly fields: readonly WriteBackField[];
    readonly now: Date;
  }): AsyncGenerator<readonly PendingWrite[]> {
    for (let last: PendingWrite | undefined, isFirst = true; isFirst || last; isFirst = false) {
      const after = { afterDataset: last?.datasetId ?? '', afterResource: last?.id ?? '' };
      const page: PendingWrite[] = await this.#database.rows('looking for what to write back', PENDING, {
        ...asked,
        ...after,
      });
      if (page.length > 0) yield page;
      last = page.length < PAGE ? undefined : page.at(-1);
    }
  }

  /** What the portal answered to a write: it is recognised when the next listing brings it. */
  async record(resource: RemoteResource): Promise<void> {
    const { id, cacheUrl, cacheLastUpdatedAt, hash, size, mimetype } = resource;
    const sql = `update :schema:.resource set remote_cache_url = :cacheUrl, remote_cache_last_updated = :cacheLastUpdatedAt,
      remote_hash = :hash, remote_size = :size, remote_mimetype = :mimetype where id = :id`;
    const bindings = { id, cacheUrl, cacheLastUpdatedAt, hash, size, mimetype };
    await this.#database.rows('noting a write-back', sql, bindings);
  }

  /** The portal refuses writes to this dataset: it is asked again after `until`. */
  async pause(datasetId: string, until: Date): Promise<void> {
    const sql = 'update :schema:.dataset set write_paused_until = :until where id = :datasetId';
    await this.#database.rows('noting a refused write-back', sql, { datasetId, until });
  }

  async taskStatusSent(resourceIds: readonly string[], at: Date): Promise<void> {
    const sql = `update :schema:.resource set task_status_sent_at = :at where id = any(cast(:resourceIds as text[]))`;
    await this.#database.rows('noting what task_status was sent', sql, { resourceIds, at });
  }
}
