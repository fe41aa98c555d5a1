import type { ArchiveStore } from './ArchiveStore.ts';

const PROBE = { key: 'archive/probe', body: new Uint8Array([1]), about: { mediaType: null } };

/** Whether a store takes bytes: resolves when it does and leaves nothing, throws `store-failed` when it does not. */
export async function probeStore(store: Pick<ArchiveStore, 'probe' | 'stageWhole' | 'discard'>): Promise<void> {
  if (store.probe) await store.probe();
  else await store.discard(await store.stageWhole(PROBE.key, PROBE.body, PROBE.about));
}
