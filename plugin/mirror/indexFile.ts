import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ArchiverError, messageOf } from '../errors.ts';
import type { Copy } from '../model/copy.ts';
import type { MirroredResource, MirrorTables } from '../portal/ckan/mirrorTables.ts';
import type { Archive, ResourceStatus } from '../show/Archive.ts';

/** One resource in the index. The names are a contract. */
export interface IndexEntry {
  readonly id: string;
  /** The dataset's name. */
  readonly dataset: string;
  readonly name: string | null;
  readonly url: string;
  /** null: not archived yet. */
  readonly code: string | null;
  readonly status: string | null;
  /** Of the newest copy, also where the link is broken by now; the path below the folder. null: there is none. */
  readonly key: string | null;
  readonly bytes: number | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  /** ISO 8601, UTC. */
  readonly storedAt: string | null;
  /** The copy is a part of what was asked for, as the answer said; null: there is none. */
  readonly partial: boolean | null;
}

/**
 * `index.json` at the folder's top: every resource of the mirror and where its copy lies. Written by pages, in place of
 * the last one when it is whole. Throws `ArchiverError('store-failed')`, or what the database throws.
 */
export async function writeIndex(
  folder: string,
  tables: Pick<MirrorTables, 'resources'>,
  archive: Pick<Archive, 'status' | 'copies'>,
): Promise<void> {
  const path = join(folder, 'index.json');
  const growing = `${path}.part`;
  try {
    const file = createWriteStream(growing);
    const ended = finished(file);
    // Told by `ended`, when it is waited for.
    ended.catch(() => undefined);
    let separator = '\n';
    file.write('{"resources": [');
    for await (const page of tables.resources()) {
      const text = (await entriesOf(page, archive)).map((entry) => JSON.stringify(entry)).join(',\n');
      if (!file.write(separator + text)) await Promise.race([once(file, 'drain'), ended]);
      separator = ',\n';
    }
    file.end('\n]}\n');
    await ended;
    await rename(growing, path);
  } catch (error) {
    await rm(growing, { force: true });
    if (error instanceof ArchiverError) throw error;
    throw new ArchiverError('store-failed', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

async function entriesOf(
  page: readonly MirroredResource[],
  archive: Pick<Archive, 'status' | 'copies'>,
): Promise<IndexEntry[]> {
  const ids = page.map(({ id }) => id);
  const known = new Map((await archive.status(ids)).map((status) => [status.resourceId, status]));
  const kept = await archive.copies(ids);
  return page.map((resource) => entryOf(resource, known.get(resource.id), kept.get(resource.id)?.[0]));
}

function entryOf({ id, dataset, name, url }: MirroredResource, found?: ResourceStatus, copy?: Copy): IndexEntry {
  return {
    id,
    dataset,
    name,
    url,
    code: found?.code ?? null,
    status: found?.status ?? null,
    key: copy?.key ?? null,
    bytes: copy?.bytes ?? null,
    md5: copy?.md5 ?? null,
    sha256: copy?.sha256 ?? null,
    storedAt: copy?.storedAt.toISOString() ?? null,
    partial: copy?.partial ?? null,
  };
}
