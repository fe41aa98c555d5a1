import { idSegmentOf, keyAtOf, safeSegment } from '../decide/archiveKey.ts';
import { recoveredCopyOf } from '../decide/copyOf.ts';
import { requestOf } from '../decide/requestOf.ts';
import type { Resource } from '../model/resource.ts';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { Copies } from '../record/Records.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** Where keys are looked for, and what speaks of them. */
export interface RecoverDeps {
  readonly catalog: Pick<CatalogReader, 'getResource' | 'listResources'>;
  readonly archivals: Pick<Archivals, 'get' | 'request' | 'reopen'>;
  readonly copies: Pick<Copies, 'unknownKeys' | 'recordRecovered' | 'newest'>;
  readonly store: Pick<ArchiveStore, 'list'>;
  /** Hashes what lies under a key; null: nothing does. */
  read(key: string): Promise<UnrecordedCopy | null>;
  now(): Date;
}

/** What the store had that no record named. */
export interface RecoveredCopies {
  /** Copies that are recorded again. */
  readonly recovered: number;
  /** Resources whose newest copy is compared with what the next check finds, and recorded with it. */
  readonly due: number;
  /** Copies of resources that the portal does not have. */
  readonly left: number;
}

const KEYS = 500;
const PAGE = 1000;

/**
 * Finds the copies that are newer than a database which was restored from a backup, by their keys. The bytes are hashed again:
 * what is stored counts. Reads every key of the store, and each body that no record names.
 */
export async function recoverCopies(deps: RecoverDeps): Promise<RecoveredCopies> {
  const unknown = await unknownBySegment(deps);
  const odd = await oddIds([...unknown.keys()], deps);
  let [recovered, due, left] = [0, 0, 0];
  for (const [segment, keys] of unknown) {
    const resource = await deps.catalog.getResource(odd.get(segment) ?? segment);
    if (!resource) left += keys.length;
    else if (await reopened(keys, resource, deps)) {
      due += 1;
      recovered += await record(keys.slice(0, -1), resource, deps);
    } else recovered += await record(keys, resource, deps);
  }
  return { recovered, due, left };
}

/** The oldest first, as the timestamps in them sort. */
async function unknownBySegment({ store, copies }: RecoverDeps): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const keys of batches(store.list('archive/'))) {
    for (const key of await copies.unknownKeys(keys)) {
      const segment = idSegmentOf(key);
      if (segment !== null) found.set(segment, [...(found.get(segment) ?? []), key]);
    }
  }
  for (const keys of found.values()) keys.sort();
  return found;
}

async function* batches(keys: AsyncIterable<string>): AsyncIterable<readonly string[]> {
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < KEYS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The ids that a key does not have as they are, such as those with a space: looked for among all of the portal. */
async function oddIds(segments: readonly string[], { catalog }: RecoverDeps): Promise<ReadonlyMap<string, string>> {
  const odd = new Set(segments.filter((segment) => segment.includes('~') || segment.length === 200));
  const found = new Map<string, string>();
  for (let after: string | null = null; found.size < odd.size; ) {
    const page: readonly Resource[] = await catalog.listResources({ after, limit: PAGE });
    for (const { id } of page) if (odd.has(safeSegment(id))) found.set(safeSegment(id), id);
    after = page.at(-1)?.id ?? null;
    if (after === null) break;
  }
  return found;
}

/** The newest copy is left to the next check, which compares with it: so it is not fetched and kept a second time. */
async function reopened(keys: readonly string[], resource: Resource, deps: RecoverDeps): Promise<boolean> {
  const { archivals, copies, now } = deps;
  const keyAt = keyAtOf(keys.at(-1) ?? '');
  const known = await copies.newest(resource.id);
  if (keyAt === null || (known && known.storedAt >= keyAt)) return false;
  if ((await archivals.get(resource.id)) === null) {
    await archivals.request([requestOf(resource)], { lane: 'bulk', runId: null, now: now() });
  }
  return archivals.reopen(resource.id, keyAt, now());
}

async function record(keys: readonly string[], resource: Resource, { read, copies, now }: RecoverDeps) {
  let recorded = 0;
  for (const key of keys) {
    const unrecorded = await read(key);
    if (!unrecorded) continue;
    await copies.recordRecovered(recoveredCopyOf(unrecorded, resource, keyAtOf(key) ?? now()));
    recorded += 1;
  }
  return recorded;
}
