import { createHash } from 'node:crypto';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import type { ArchiveStore } from './ArchiveStore.ts';

/**
 * The bytes that a dead worker committed below `prefix` without recording them; null when there are none. They are hashed
 * again, for what is stored counts, not what the dead worker knew.
 */
export async function findUnrecordedCopy(
  store: Pick<ArchiveStore, 'list' | 'read'>,
  prefix: string,
  isRecorded: (key: string) => Promise<boolean>,
): Promise<UnrecordedCopy | null> {
  for await (const key of store.list(`${prefix}/`)) {
    if (await isRecorded(key)) continue;
    const found = await readUnrecorded(store, key);
    if (found) return found;
  }
  return null;
}

/** What lies under a key; null: nothing does. */
export async function readUnrecorded(store: Pick<ArchiveStore, 'read'>, key: string): Promise<UnrecordedCopy | null> {
  const stored = await store.read(key, null);
  if (!stored) return null;
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  for await (const chunk of stored.stream) {
    md5.update(chunk);
    sha256.update(chunk);
  }
  const filename = key.slice(key.lastIndexOf('/') + 1);
  return { key, filename, bytes: stored.bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') };
}
