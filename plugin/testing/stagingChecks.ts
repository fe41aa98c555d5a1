import assert from 'node:assert/strict';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { StoreUnderTest } from './StoreUnderTest.ts';
import { bytesOf, folderOf, heldBytes, isStoreFailed, listed, newKey } from './storedBytes.ts';

/** One thing that a store must do; rejects when it does not. */
export type StoreCheck = (place: StoreUnderTest) => Promise<void>;

type StageBody = (store: ArchiveStore, key: string, body: Uint8Array) => Promise<StageRef>;

const MIB = 1024 * 1024;
const CSV = { mediaType: 'text/csv' };
const TEN = Buffer.from('0123456789');

/** The two ways in which bytes get into a store. */
export const WAYS: Readonly<Record<string, StageBody>> = {
  streamed: (store, key, body) => stageChunks(store, key, body),
  'handed over whole': (store, key, body) => store.stageWhole(key, body, CSV),
};

/** What holds for bytes however they came. */
export function stagingChecksOf(how: string, stage: StageBody): readonly (readonly [string, StoreCheck])[] {
  return [
    [`shows bytes that were ${how} when they are committed, and not before`, (place) => showsCommitted(place, stage)],
    [`never overwrites a key with bytes that were ${how}`, (place) => neverOverwrites(place, stage)],
    [`leaves nothing of bytes that were ${how} and then discarded, once or twice`, (place) => discards(place, stage)],
  ];
}

/** What holds of stages, alone and beside others. */
export const STAGING_CHECKS: Readonly<Record<string, StoreCheck>> = {
  'leaves nothing of a stage that is abandoned in any state': abandons,
  'refuses to commit what was discarded': refusesDiscarded,
  'commits exactly one of eight bodies that want the same key concurrently': commitsOne,
  'does not hold on to the memory of a chunk it was given': copiesChunks,
  'leaves the stages of living processes alone': sparesLiving,
};

/** What holds of bodies that are not kept in memory. */
export const LARGE_BODY_CHECKS: Readonly<Record<string, StoreCheck>> = {
  'never mixes two large bodies that are written to the same key concurrently': neverMixes,
  'keeps 96 MiB byte for byte in the order they came, in flat memory': keepsLarge,
};

async function stageChunks(store: ArchiveStore, key: string, ...chunks: readonly Uint8Array[]): Promise<StageRef> {
  const stage = await store.stage(key, CSV);
  for (const chunk of chunks) await stage.write(chunk);
  return stage.finish();
}

async function showsCommitted(place: StoreUnderTest, stageBody: StageBody): Promise<void> {
  const { store } = place;
  const key = newKey();
  const stage = await stageBody(store, key, TEN);
  assert.deepEqual([stage.key, stage.bytes], [key, 10]);
  assert.equal(await store.size(key), null);
  assert.equal(await store.read(key, null), null);
  assert.deepEqual(await listed(store, folderOf(key)), []);
  assert.equal(await store.commit(stage), 'committed');
  assert.equal(await store.size(key), 10);
  assert.equal(String(await bytesOf(store, key)), '0123456789');
  assert.deepEqual(await listed(store, folderOf(key)), [key]);
  assert.deepEqual(await place.leftovers(), []);
}

async function neverOverwrites(place: StoreUnderTest, stageBody: StageBody): Promise<void> {
  const { store } = place;
  const key = newKey();
  await store.commit(await stageBody(store, key, TEN));
  const second = await stageBody(store, key, Buffer.from('another'));
  assert.equal(await store.commit(second), 'exists');
  await store.discard(second);
  assert.equal(String(await bytesOf(store, key)), '0123456789');
  assert.deepEqual(await place.leftovers(), []);
}

async function discards(place: StoreUnderTest, stageBody: StageBody): Promise<void> {
  const { store } = place;
  const key = newKey();
  const stage = await stageBody(store, key, TEN);
  await store.discard(stage);
  await store.discard(stage);
  assert.equal(await store.size(key), null);
  assert.deepEqual(await place.leftovers(), []);
}

async function abandons(place: StoreUnderTest): Promise<void> {
  const { store } = place;
  const untouched = await store.stage(newKey(), CSV);
  const written = await store.stage(newKey(), CSV);
  const finished = await store.stage(newKey(), CSV);
  await written.write(Buffer.alloc(9 * MIB, 1));
  await finished.write(TEN);
  await finished.finish();
  for (const stage of [untouched, written, finished]) {
    await stage.abandon();
    await stage.abandon();
  }
  assert.deepEqual(await place.leftovers(), []);
}

async function refusesDiscarded({ store }: StoreUnderTest): Promise<void> {
  const key = newKey();
  const stage = await store.stageWhole(key, TEN, CSV);
  await store.discard(stage);
  await assert.rejects(store.commit(stage), isStoreFailed);
  assert.equal(await store.size(key), null);
  assert.deepEqual(await listed(store, folderOf(key)), []);
}

async function commitsOne(place: StoreUnderTest): Promise<void> {
  const { store } = place;
  const key = newKey();
  const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(1000, index));
  const stages = await Promise.all(bodies.map((body) => store.stageWhole(key, body, CSV)));
  const results = await Promise.all(stages.map((stage) => store.commit(stage)));
  assert.equal(results.filter((result) => result === 'committed').length, 1);
  assert.deepEqual(await bytesOf(store, key), bodies[results.indexOf('committed')]);
  await Promise.all(stages.map((stage) => store.discard(stage)));
  assert.deepEqual(await place.leftovers(), []);
}

async function copiesChunks({ store }: StoreUnderTest): Promise<void> {
  const key = newKey();
  const stage = await store.stage(key, CSV);
  const chunk = Buffer.from('first');
  await stage.write(chunk);
  chunk.fill('x');
  await stage.write(Buffer.from('-second'));
  await store.commit(await stage.finish());
  assert.equal(String(await bytesOf(store, key)), 'first-second');
}

async function sparesLiving({ store, other }: StoreUnderTest): Promise<void> {
  const stage = await other.stage(newKey(), CSV);
  await stage.write(TEN);
  assert.equal(await store.dropStages(0), 0);
  assert.equal(await other.commit(await stage.finish()), 'committed');
}

async function neverMixes(place: StoreUnderTest): Promise<void> {
  const { store, other } = place;
  const key = newKey();
  const bodies = [Buffer.alloc(9 * MIB, 'a'), Buffer.alloc(9 * MIB, 'b')] as const;
  const first = await store.stage(key, CSV);
  const second = await other.stage(key, CSV);
  await first.write(bodies[0]);
  await second.write(bodies[1]);
  const refs = [await first.finish(), await second.finish()] as const;
  assert.equal(await store.commit(refs[0]), 'committed');
  assert.equal(await other.commit(refs[1]), 'exists');
  await other.discard(refs[1]);
  assert.ok((await bytesOf(store, key)).equals(bodies[0]));
  assert.deepEqual(await place.leftovers(), []);
}

async function keepsLarge(place: StoreUnderTest): Promise<void> {
  const { store } = place;
  const key = newKey('large.bin');
  const stage = await store.stage(key, CSV);
  const before = heldBytes();
  let most = 0;
  const chunk = Buffer.alloc(MIB);
  for (let at = 0; at < 96; at++) {
    await stage.write(chunk.fill(at));
    if (at % 8 === 0) most = Math.max(most, heldBytes() - before);
  }
  await store.commit(await stage.finish());
  assert.ok(most < 64 * MIB, `${Math.round(most / MIB)} MiB were held`);
  assert.equal(await store.size(key), 96 * MIB);
  for (const at of [0, 8, 50, 95]) {
    const byte = await bytesOf(store, key, { start: at * MIB, end: at * MIB });
    assert.deepEqual([...byte], [at]);
  }
  await store.remove(key);
  assert.deepEqual(await place.leftovers(), []);
}
