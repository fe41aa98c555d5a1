import type { Records } from '../record/Records.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { StoreOwnership } from './storeOwnership.ts';

/** What forgetting touches. */
export interface ForgetDeps {
  readonly config: { readonly deletePolicy: 'keep' | 'remove' };
  readonly records: Pick<Records, 'archivals' | 'copies' | 'runs'>;
  readonly store: Pick<ArchiveStore, 'remove'>;
  /** false: another database may use the store as well, and the copies stay. */
  readonly ownership: Pick<StoreOwnership, 'mayRemove'>;
  now(): Date;
}

/**
 * Resources that left the portal: their state goes, and the runs that wait for them count them as deleted. Their copies
 * stay in the store, or go with policy `remove`. `runIds` are runs that no row names, such as the sweep that found one due.
 * Throws what the store or the database throws; calling it again then does the rest.
 */
export async function forgetResources(
  resourceIds: readonly string[],
  deps: ForgetDeps,
  runIds: readonly string[] = [],
): Promise<void> {
  const { config, records, now } = deps;
  const archivals = await records.archivals.getMany(resourceIds);
  if (config.deletePolicy === 'remove' && (await deps.ownership.mayRemove())) await removeCopies(resourceIds, deps);
  await records.archivals.forget(resourceIds);
  const waiting = archivals.map((archival) => archival.runIds).filter(({ length }) => length > 0);
  const others = runIds.filter((id) => !waiting.flat().includes(id));
  for (const ids of [...waiting, others]) if (ids.length > 0) await records.runs.countDeleted(ids, now());
}

/** The bytes first: a row without bytes is found again by the next call, bytes without a row by nobody. */
async function removeCopies(resourceIds: readonly string[], { records, store }: ForgetDeps): Promise<void> {
  const copies = await records.copies.listByResources(resourceIds);
  for (const copy of [...copies.values()].flat()) {
    await store.remove(copy.key);
    await records.copies.remove(copy.id);
  }
}
