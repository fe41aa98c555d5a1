import type { ArchiveStore } from './ArchiveStore.ts';

/** Questions at the same time to a store that answers one at a time. */
const CONCURRENCY = 16;

/** Those of the keys that the store has, in one question where it takes one. Throws `store-failed`. */
export async function presentKeys(
  store: Pick<ArchiveStore, 'hasMany' | 'size'>,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (store.hasMany) return store.hasMany(keys);
  const present = new Set<string>();
  const waiting = [...keys];
  const ask = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      if ((await store.size(key)) !== null) present.add(key);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, ask));
  return present;
}
