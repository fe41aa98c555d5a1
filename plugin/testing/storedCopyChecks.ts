import assert from 'node:assert/strict';
import type { ByteRange } from '../store/ArchiveStore.ts';
import type { StoreUnderTest } from './StoreUnderTest.ts';
import type { StoreCheck } from './stagingChecks.ts';
import { bytesOf, drained, folderOf, isStoreFailed, listed, newKey } from './storedBytes.ts';

const CSV = { mediaType: 'text/csv' };
const TEN = Buffer.from('0123456789');

const tellsSize = 'of a copy and tells the size of the whole';

/** What holds of copies that are committed. */
export const READING_CHECKS: Readonly<Record<string, StoreCheck>> = {
  [`reads everything ${tellsSize}`]: (place) => reads(place, null, '0123456789'),
  [`reads the first byte ${tellsSize}`]: (place) => reads(place, { start: 0, end: 0 }, '0'),
  [`reads a middle part ${tellsSize}`]: (place) => reads(place, { start: 3, end: 5 }, '345'),
  [`reads the end ${tellsSize}`]: (place) => reads(place, { start: 7, end: 9 }, '789'),
  'lets a reader leave before the end': letsReaderLeave,
  'lists the keys below a prefix, and all of them below the archive': lists,
  'says which of many keys are there, where it takes them together': findsMany,
  'keeps a mark for all who open it, none of its copies, where it keeps one': keepsMark,
  'removes a copy, once or twice, and lets its key be taken again': removes,
};

/** No method takes a text that is no key of the archive, and nothing of it is left. */
export async function rejectsKey(place: StoreUnderTest, key: string): Promise<void> {
  const { store } = place;
  await assert.rejects(store.stage(key, CSV), isStoreFailed);
  await assert.rejects(store.stageWhole(key, TEN, CSV), isStoreFailed);
  await assert.rejects(store.commit({ id: 'x', key, bytes: 1 }), isStoreFailed);
  await assert.rejects(store.read(key, null), isStoreFailed);
  await assert.rejects(store.size(key), isStoreFailed);
  await assert.rejects(store.remove(key), isStoreFailed);
  assert.deepEqual(await place.leftovers(), []);
}

async function reads({ store }: StoreUnderTest, range: ByteRange | null, want: string): Promise<void> {
  const key = newKey();
  await store.commit(await store.stageWhole(key, TEN, CSV));
  const stored = await store.read(key, range);
  assert.ok(stored);
  assert.equal(stored.bytes, 10);
  assert.equal(String(await drained(stored.stream)), want);
}

async function letsReaderLeave({ store }: StoreUnderTest): Promise<void> {
  const key = newKey();
  await store.commit(await store.stageWhole(key, Buffer.alloc(4 * 1024 * 1024, 7), CSV));
  const stored = await store.read(key, null);
  assert.ok(stored);
  for await (const _chunk of stored.stream) break;
  assert.equal(stored.stream.destroyed, true);
}

async function findsMany({ store }: StoreUnderTest): Promise<void> {
  if (!store.hasMany) return;
  // Of one second, as a sweep writes them, and one of another day.
  const together = Array.from({ length: 60 }, (_, number) => newKey(`${number} ü.csv`));
  const alone = newKey().replace('20260102', '20260103');
  const kept = [...together.filter((_, number) => number % 3 === 0), alone];
  for (const key of kept) await store.commit(await store.stageWhole(key, TEN, CSV));
  const longer = `${alone}x`;
  assert.deepEqual([...(await store.hasMany([...together, alone, longer, ...kept]))].sort(), [...kept].sort());
  assert.deepEqual([...(await store.hasMany([longer]))], []);
  assert.deepEqual([...(await store.hasMany([]))], []);
  await assert.rejects(store.hasMany([alone, 'archive/../x']), isStoreFailed);
}

async function lists({ store }: StoreUnderTest): Promise<void> {
  const [one, two] = [newKey('a b.csv'), newKey('ü.csv')];
  for (const key of [one, two]) await store.commit(await store.stageWhole(key, TEN, CSV));
  assert.deepEqual(await listed(store, folderOf(one)), [one]);
  const all = await listed(store, 'archive/');
  assert.ok(all.includes(one) && all.includes(two), all.join());
  assert.deepEqual(await listed(store, 'archive/19990101T000000Z/'), []);
}

async function keepsMark({ store, other }: StoreUnderTest): Promise<void> {
  if (!store.readMarks) return;
  assert.deepEqual(await store.readMarks(), []);
  const before = await listed(store, 'archive/');
  if (store.dropMark) {
    await store.writeMark?.('{}');
    for (const _ of ['once', 'twice']) await store.dropMark();
    assert.deepEqual(await other.readMarks?.(), []);
  }
  for (const mark of ['{"owner":"one, ü"}', '{"owner":"two"}']) {
    await store.writeMark?.(mark);
    assert.deepEqual(new Set(await other.readMarks?.()), new Set([mark]));
  }
  assert.deepEqual(await listed(store, 'archive/'), before);
}

async function removes({ store }: StoreUnderTest): Promise<void> {
  const key = newKey();
  await store.commit(await store.stageWhole(key, TEN, CSV));
  await store.remove(key);
  await store.remove(key);
  assert.equal(await store.read(key, null), null);
  assert.equal(await store.commit(await store.stageWhole(key, Buffer.from('new'), CSV)), 'committed');
  assert.equal(String(await bytesOf(store, key)), 'new');
}
