import type { ArchiveStore } from './ArchiveStore.ts';

/** Questions at the same time to a store that answers one at a time. */
const CONCURRENCY = 16;

/** Those of the keys that the store has, in as few questions as it knows how to. Throws `store-failed`. */
export async function presentKeys(
  store: Pick<ArchiveStore, 'hasMany' | 'size'>,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (store.hasMany) return store.hasMany(keys);
  return keysWhere(keys, async (key) => (await store.size(key)) !== null);
}

/** Those of the keys for which it is so, asked for one by one, a few at the same time. The first failure is thrown. */
export async function keysWhere(
  keys: readonly string[],
  isThere: (key: string) => Promise<boolean>,
): Promise<Set<string>> {
  const present = new Set<string>();
  const waiting = [...new Set(keys)];
  const ask = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      if (await isThere(key)) present.add(key);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, waiting.length) }, ask));
  return present;
}
