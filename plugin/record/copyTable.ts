import type { Knex } from 'knex';
import type { Copy } from '../model/copy.ts';
import type { Database } from './Database.ts';
import type { Copies } from './Records.ts';

interface CopyRow {
  readonly id: string;
  readonly resource_id: string;
  readonly dataset_id: string;
  readonly key: string;
  readonly bytes: string;
  readonly md5: string;
  readonly sha256: string;
  readonly media_type: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string;
  readonly url: string;
  readonly final_url: string;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly stored_at: Date;
}

export function createCopyTable(database: Database): Copies {
  const { knex, rows } = database;
  const listByResources: Copies['listByResources'] = async (resourceIds) => {
    const found = await rows<CopyRow>(
      'reading copies',
      `select * from :schema:.copy where resource_id = any(cast(:resourceIds as text[])) order by resource_id, stored_at desc, key desc`,
      { resourceIds },
    );
    const copies = new Map<string, Copy[]>();
    for (const copy of found.map(copyOf)) copies.set(copy.resourceId, [...(copies.get(copy.resourceId) ?? []), copy]);
    return copies;
  };

  return {
    listByResources,
    listByResource: async (resourceId) => (await listByResources([resourceId])).get(resourceId) ?? [],
    async newest(resourceId) {
      const [row] = await rows<CopyRow>(
        'reading the newest copy',
        'select * from :schema:.copy where resource_id = :resourceId order by stored_at desc, key desc limit 1',
        { resourceId },
      );
      return row ? copyOf(row) : null;
    },
    async findByKey(key) {
      const [row] = await rows<CopyRow>('reading a copy', 'select * from :schema:.copy where key = :key', { key });
      return row ? copyOf(row) : null;
    },
    recordRecovered: (copy) => insertCopies(database, [copy], knex),
    async remove(id) {
      await rows('removing a copy', 'delete from :schema:.copy where id = :id', { id });
    },
    async page(after, limit) {
      const found = await rows<CopyRow>(
        'reading copies',
        'select * from :schema:.copy where id > :after order by id limit :limit',
        { after: after ?? '', limit },
      );
      return found.map(copyOf);
    },
  };
}

/** A key that is known already stays as it is: the same bytes were recorded by another way. */
export async function insertCopies({ rows }: Database, copies: readonly Omit<Copy, 'id'>[], on: Knex): Promise<void> {
  if (copies.length === 0) return;
  await rows(
    'recording copies',
    `insert into :schema:.copy (resource_id, dataset_id, key, bytes, md5, sha256, media_type, format, charset, filename,
       url, final_url, etag, last_modified, stored_at)
     select "resourceId", "datasetId", key, bytes, md5, sha256, "mediaType", format, charset, filename,
       url, "finalUrl", etag, "lastModified", "storedAt"
     from jsonb_to_recordset(cast(:copies as jsonb)) as i ("resourceId" text, "datasetId" text, key text, bytes bigint, md5 text,
       sha256 text, "mediaType" text, format text, charset text, filename text, url text, "finalUrl" text, etag text,
       "lastModified" text, "storedAt" timestamptz)
     on conflict (key) do nothing`,
    { copies: JSON.stringify(copies) },
    on,
  );
}

function copyOf(row: CopyRow): Copy {
  const { id, key, md5, sha256, format, charset, filename, url, etag } = row;
  return {
    id,
    key,
    md5,
    sha256,
    format,
    charset,
    filename,
    url,
    etag,
    resourceId: row.resource_id,
    datasetId: row.dataset_id,
    bytes: Number(row.bytes),
    mediaType: row.media_type,
    finalUrl: row.final_url,
    lastModified: row.last_modified,
    storedAt: row.stored_at,
  };
}
