import { groupedBy } from '../../decide/groupedBy.ts';
import type { Copy } from '../../model/copy.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { isUnstorable } from '../database/isUnstorable.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { Copies } from '../Records.ts';

/** bytes is a bigint, which would arrive as text; ours stay far below 2^53. */
const LIST = selectList({
  id: 'id',
  resourceId: 'resource_id',
  datasetId: 'dataset_id',
  key: 'key',
  bytes: 'bytes::float8',
  md5: 'md5',
  sha256: 'sha256',
  mediaType: 'media_type',
  format: 'format',
  charset: 'charset',
  filename: 'filename',
  url: 'url',
  finalUrl: 'final_url',
  etag: 'etag',
  lastModified: 'last_modified',
  storedAt: moment('stored_at'),
  partial: 'partial',
} satisfies Record<keyof Copy, string>);

const NEWEST_FIRST = 'stored_at desc, key desc';

const INSERT = `
  insert into :schema:.copy (resource_id, dataset_id, key, bytes, md5, sha256, media_type, format, charset, filename,
    url, final_url, etag, last_modified, stored_at, partial)
  select "resourceId", "datasetId", key, bytes, md5, sha256, "mediaType", format, charset, filename,
    url, "finalUrl", etag, "lastModified", "storedAt", coalesce(partial, false)
  from jsonb_to_recordset(cast(:copies as jsonb)) as i ("resourceId" text, "datasetId" text, key text, bytes bigint, md5 text,
    sha256 text, "mediaType" text, format text, charset text, filename text, url text, "finalUrl" text, etag text,
    "lastModified" text, "storedAt" timestamptz, partial boolean)
  on conflict (key) do nothing`;

/** {@link Copies} in PostgreSQL. */
export class CopyTable implements Copies {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listByResource(resourceId: string): Promise<readonly Copy[]> {
    return (await this.listByResources([resourceId])).get(resourceId) ?? [];
  }

  async listByResources(resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Copy[]>> {
    const which = `resource_id = any(cast(:resourceIds as text[])) order by resource_id, ${NEWEST_FIRST}`;
    return groupedBy(await this.#select(which, { resourceIds }), ({ resourceId }) => resourceId);
  }

  async newestByResources(
    resourceIds: readonly string[],
    limit: number,
  ): Promise<ReadonlyMap<string, readonly Copy[]>> {
    const newest = `(select * from :schema:.copy where resource_id = w.wanted order by ${NEWEST_FIRST} limit :limit)`;
    const found = await this.#database.rows<Copy>(
      'reading copies',
      `select ${LIST} from unnest(cast(:resourceIds as text[])) as w (wanted) cross join lateral ${newest} as c
       order by resource_id, ${NEWEST_FIRST}`,
      { resourceIds, limit },
    );
    return groupedBy(found, ({ resourceId }) => resourceId);
  }

  pageByResource(resourceId: string, { after, limit }: { after: string | null; limit: number }) {
    const older = 'and (stored_at, key) < (select stored_at, key from :schema:.copy where key = :after)';
    const which = `resource_id = :resourceId ${after === null ? '' : older} order by ${NEWEST_FIRST} limit :limit`;
    return this.#select(which, { resourceId, after, limit });
  }

  async newest(resourceId: string): Promise<Copy | null> {
    const [copy] = await this.#select(`resource_id = :resourceId order by ${NEWEST_FIRST} limit 1`, { resourceId });
    return copy ?? null;
  }

  async findByKey(key: string): Promise<Copy | null> {
    if (isUnstorable(key)) return null;
    const [copy] = await this.#select('key = :key', { key });
    return copy ?? null;
  }

  recordRecovered(copy: Omit<Copy, 'id'>): Promise<void> {
    return insertCopies(this.#database, [copy], this.#database.knex);
  }

  async remove(id: string): Promise<void> {
    await this.#database.rows('removing a copy', 'delete from :schema:.copy where id = :id', { id });
  }

  async unknownKeys(keys: readonly string[]): Promise<readonly string[]> {
    const sql = `select k.key from unnest(cast(:keys as text[])) as k (key)
      where not exists (select from :schema:.copy as c where c.key = k.key)`;
    return (await this.#database.rows<{ key: string }>('comparing keys', sql, { keys })).map(({ key }) => key);
  }

  page(after: string | null, limit: number): Promise<readonly Copy[]> {
    return this.#select('id > :after order by id limit :limit', { after: after ?? '', limit });
  }

  #select(which: string, bindings: Readonly<Record<string, unknown>>): Promise<Copy[]> {
    return this.#database.rows('reading copies', `select ${LIST} from :schema:.copy where ${which}`, bindings);
  }
}

/** A key that is known already stays as it is: the same bytes were recorded by another way. */
export async function insertCopies(
  { rows }: Database,
  copies: readonly Omit<Copy, 'id'>[],
  on: HostTransaction,
): Promise<void> {
  if (copies.length === 0) return;
  await rows('recording copies', INSERT, { copies: JSON.stringify(copies) }, on);
}
