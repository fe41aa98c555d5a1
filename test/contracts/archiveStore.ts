import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ArchiverError } from '../../plugin/errors.ts';
import type { StageRef } from '../../plugin/model/stage.ts';
import type { ArchiveStore, ByteRange } from '../../plugin/store/ArchiveStore.ts';

export interface StoreUnderTest {
  readonly store: ArchiveStore;
  /** Another instance on the same place, as another thread or process has it. */
  readonly other: ArchiveStore;
  /** What lies in the place beside finished copies: stages, uncommitted bytes that show. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const CSV = { mediaType: 'text/csv' };
const TEN = Buffer.from('0123456789');

let lastKey = 0;

/** A key that no other test uses. */
export function newKey(filename = 'file.csv'): string {
  lastKey += 1;
  return `archive/20260102T030405Z/r${process.pid}-${lastKey}/${filename}`;
}

/** What every store must do, whatever keeps the bytes. */
export function testArchiveStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as an archive store`, () => {
    let place: StoreUnderTest;
    let store: ArchiveStore;
    before(async () => {
      place = await open();
      store = place.store;
    });
    after(() => place.close());

    async function streamed(key: string, ...chunks: readonly Uint8Array[]): Promise<StageRef> {
      const stage = await store.stage(key, CSV);
      for (const chunk of chunks) await stage.write(chunk);
      return stage.finish();
    }

    const ways = [
      ['streamed', (key: string, body: Uint8Array) => streamed(key, body)],
      ['handed over whole', (key: string, body: Uint8Array) => store.stageWhole(key, body, CSV)],
    ] as const;

    for (const [how, staged] of ways) {
      test(`shows bytes that were ${how} when they are committed, and not before`, async () => {
        const key = newKey();
        const stage = await staged(key, TEN);
        assert.deepEqual([stage.key, stage.bytes], [key, 10]);
        assert.equal(await store.size(key), null);
        assert.equal(await store.read(key, null), null);
        assert.deepEqual(await listed(store, folderOf(key)), []);
        assert.equal(await store.commit(stage), 'committed');
        assert.equal(await store.size(key), 10);
        assert.equal(String(await bytesOf(store, key)), '0123456789');
        assert.deepEqual(await listed(store, folderOf(key)), [key]);
        assert.deepEqual(await place.leftovers(), []);
      });

      test(`never overwrites a key with bytes that were ${how}`, async () => {
        const key = newKey();
        await store.commit(await staged(key, TEN));
        const second = await staged(key, Buffer.from('another'));
        assert.equal(await store.commit(second), 'exists');
        await store.discard(second);
        assert.equal(String(await bytesOf(store, key)), '0123456789');
        assert.deepEqual(await place.leftovers(), []);
      });

      test(`leaves nothing of bytes that were ${how} and then discarded, once or twice`, async () => {
        const key = newKey();
        const stage = await staged(key, TEN);
        await store.discard(stage);
        await store.discard(stage);
        assert.equal(await store.size(key), null);
        assert.deepEqual(await place.leftovers(), []);
      });
    }

    test('leaves nothing of a stage that is abandoned in any state', async () => {
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
    });

    test('refuses to commit what was discarded', async () => {
      const key = newKey();
      const stage = await store.stageWhole(key, TEN, CSV);
      await store.discard(stage);
      await assert.rejects(store.commit(stage), isStoreFailed);
      assert.equal(await store.size(key), null);
      assert.deepEqual(await listed(store, folderOf(key)), []);
    });

    test('commits exactly one of eight bodies that want the same key concurrently', async () => {
      const key = newKey();
      const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(1000, index));
      const stages = await Promise.all(bodies.map((body) => store.stageWhole(key, body, CSV)));
      const results = await Promise.all(stages.map((stage) => store.commit(stage)));
      assert.equal(results.filter((result) => result === 'committed').length, 1);
      assert.deepEqual(await bytesOf(store, key), bodies[results.indexOf('committed')]);
      await Promise.all(stages.map((stage) => store.discard(stage)));
      assert.deepEqual(await place.leftovers(), []);
    });

    test('never mixes two large bodies that are written to the same key concurrently', async () => {
      const key = newKey();
      const bodies = [Buffer.alloc(9 * MIB, 'a'), Buffer.alloc(9 * MIB, 'b')] as const;
      const first = await store.stage(key, CSV);
      const second = await place.other.stage(key, CSV);
      await first.write(bodies[0]);
      await second.write(bodies[1]);
      const refs = [await first.finish(), await second.finish()] as const;
      assert.equal(await store.commit(refs[0]), 'committed');
      assert.equal(await place.other.commit(refs[1]), 'exists');
      await place.other.discard(refs[1]);
      assert.ok((await bytesOf(store, key)).equals(bodies[0]));
      assert.deepEqual(await place.leftovers(), []);
    });

    test('does not hold on to the memory of a chunk it was given', async () => {
      const key = newKey();
      const stage = await store.stage(key, CSV);
      const chunk = Buffer.from('first');
      await stage.write(chunk);
      chunk.fill('x');
      await stage.write(Buffer.from('-second'));
      await store.commit(await stage.finish());
      assert.equal(String(await bytesOf(store, key)), 'first-second');
    });

    test('keeps 96 MiB byte for byte in the order they came, in flat memory', async () => {
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
    });

    for (const [what, range, want] of [
      ['everything', null, '0123456789'],
      ['the first byte', { start: 0, end: 0 }, '0'],
      ['a middle part', { start: 3, end: 5 }, '345'],
      ['the end', { start: 7, end: 9 }, '789'],
    ] as const) {
      test(`reads ${what} of a copy and tells the size of the whole`, async () => {
        const key = newKey();
        await store.commit(await store.stageWhole(key, TEN, CSV));
        const stored = await store.read(key, range);
        assert.ok(stored);
        assert.equal(stored.bytes, 10);
        assert.equal(String(await drained(stored.stream)), want);
      });
    }

    test('lets a reader leave before the end', async () => {
      const key = newKey();
      await store.commit(await streamed(key, Buffer.alloc(4 * MIB, 7)));
      const stored = await store.read(key, null);
      assert.ok(stored);
      for await (const _chunk of stored.stream) break;
      assert.equal(stored.stream.destroyed, true);
    });

    test('lists the keys below a prefix, and all of them below the archive', async () => {
      const [one, two] = [newKey('a b.csv'), newKey('ü.csv')];
      for (const key of [one, two]) await store.commit(await store.stageWhole(key, TEN, CSV));
      assert.deepEqual(await listed(store, folderOf(one)), [one]);
      const all = await listed(store, 'archive/');
      assert.ok(all.includes(one) && all.includes(two), all.join());
      assert.deepEqual(await listed(store, 'archive/19990101T000000Z/'), []);
    });

    test('removes a copy, once or twice, and lets its key be taken again', async () => {
      const key = newKey();
      await store.commit(await store.stageWhole(key, TEN, CSV));
      await store.remove(key);
      await store.remove(key);
      assert.equal(await store.read(key, null), null);
      assert.equal(await store.commit(await store.stageWhole(key, Buffer.from('new'), CSV)), 'committed');
      assert.equal(String(await bytesOf(store, key)), 'new');
    });

    for (const key of [
      '',
      'archive',
      'archive/',
      'other/x',
      '/archive/x',
      'archive//x',
      'archive/../x',
      'archive/./x',
    ]) {
      test(`rejects ${JSON.stringify(key)}, which is no key of the archive`, async () => {
        await assert.rejects(store.stage(key, CSV), isStoreFailed);
        await assert.rejects(store.stageWhole(key, TEN, CSV), isStoreFailed);
        await assert.rejects(store.commit({ id: 'x', key, bytes: 1 }), isStoreFailed);
        await assert.rejects(store.read(key, null), isStoreFailed);
        await assert.rejects(store.size(key), isStoreFailed);
        await assert.rejects(store.remove(key), isStoreFailed);
        assert.deepEqual(await place.leftovers(), []);
      });
    }

    test('leaves the stages of living processes alone', async () => {
      const key = newKey();
      const stage = await place.other.stage(key, CSV);
      await stage.write(TEN);
      assert.equal(await store.dropStages(0), 0);
      assert.equal(await place.other.commit(await stage.finish()), 'committed');
    });
  });
}

export function isStoreFailed(error: unknown): boolean {
  return error instanceof ArchiverError && error.code === 'store-failed';
}

export async function bytesOf(store: ArchiveStore, key: string, range: ByteRange | null = null): Promise<Buffer> {
  const stored = await store.read(key, range);
  assert.ok(stored, `${key} is missing`);
  return drained(stored.stream);
}

export async function listed(store: ArchiveStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

async function drained(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** Bytes in buffers that something still refers to. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
  return process.memoryUsage().arrayBuffers;
}
