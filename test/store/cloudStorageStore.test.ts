import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Storage } from '@google-cloud/storage';
import { CloudStorageStore } from '../../plugin/store/cloudStorageStore.ts';
import { archiveStoreContract } from '../../plugin/testing/archiveStoreContract.ts';
import type { StoreUnderTest } from '../../plugin/testing/StoreUnderTest.ts';
import { bytesOf, drained, isStoreFailed, newKey } from '../../plugin/testing/storedBytes.ts';
import { startServer, type TestCloud } from '../support/clouds/startServer.ts';
import { type LossyGate, openLossyGate } from '../support/lossyGate.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const MIB = 1024 * 1024;

let lastBucket = 0;

async function newBucket(endpoint: string): Promise<string> {
  lastBucket += 1;
  const name = `copies-${lastBucket}`;
  await new Storage({ apiEndpoint: endpoint, projectId: 'test' }).createBucket(name);
  return name;
}

archiveStoreContract({ name: 'a bucket of Cloud Storage', open: openBucket });

async function openBucket(): Promise<StoreUnderTest> {
  const cloud = await startServer('cloudStorageServer');
  const settings = { bucket: await newBucket(cloud.endpoint), endpoint: cloud.endpoint };
  const store = new CloudStorageStore(settings);
  const other = new CloudStorageStore(settings);
  await store.open();
  return {
    store,
    other,
    // Sessions are invisible by nature: whatever is listed and was not committed would be left over.
    leftovers: async () => [],
    close: async () => {
      await store.close();
      await other.close();
      await cloud.stop();
    },
  };
}

describe('the bucket of Cloud Storage', () => {
  let cloud: TestCloud;
  let gate: LossyGate;
  let store: CloudStorageStore;
  let bucket: string;
  before(async () => {
    cloud = await startServer('cloudStorageServer');
    gate = await openLossyGate(cloud.endpoint, ({ method, url = '' }) => {
      const { searchParams } = new URL(url, cloud.endpoint);
      return [method, searchParams.get('uploadType')].filter((word) => word !== null).join(' ');
    });
  });
  after(async () => {
    await gate.close();
    await cloud.stop();
  });
  beforeEach(async () => {
    bucket = await newBucket(cloud.endpoint);
    store = new CloudStorageStore({ bucket, endpoint: gate.endpoint });
    gate.seen.length = 0;
  });

  const metadataOf = async (key: string) =>
    (await new Storage({ apiEndpoint: cloud.endpoint }).bucket(bucket).file(key).getMetadata())[0];

  const stageLarge = async (key: string, mib: number) => {
    const stage = await store.stage(key, CSV);
    for (let at = 0; at < mib; at++) await stage.write(Buffer.alloc(MIB, at));
    return stage.finish();
  };

  test('serves every object as an attachment of bytes and notes what it was', async () => {
    const [whole, large] = [newKey('page.html'), newKey('page.html')];
    await store.commit(await store.stageWhole(whole, BODY, { mediaType: 'text/ht\u00fcml' }));
    await store.commit(await stageLarge(large, 9));
    for (const [key, mediatype] of [
      [whole, 'text/html'],
      [large, 'text/csv'],
    ] as const) {
      const { contentType, contentDisposition, metadata } = await metadataOf(key);
      assert.equal(contentType, 'application/octet-stream');
      assert.equal(contentDisposition, 'attachment');
      assert.equal(metadata?.['mediatype'], mediatype);
    }
  });

  test('gets a small body in one request, also when it came in pieces', async () => {
    await store.commit(await store.stageWhole(newKey(), BODY, CSV));
    assert.deepEqual(gate.seen.splice(0), ['POST multipart']);
    await store.commit(await stageLarge(newKey(), 8));
    assert.deepEqual(gate.seen.splice(0), ['POST multipart']);
  });

  test('gets a large body as one resumable upload that its last part makes visible', async () => {
    const key = newKey();
    const staged = await stageLarge(key, 20);
    assert.deepEqual(gate.seen.splice(0), ['POST resumable', 'PUT resumable', 'PUT resumable']);
    assert.equal(await store.size(key), null);
    gate.seen.length = 0;
    assert.equal(await store.commit(staged), 'committed');
    assert.deepEqual(gate.seen, ['PUT resumable']);
    assert.deepEqual(await bytesOf(store, key, { start: 19 * MIB - 1, end: 19 * MIB }), Buffer.from([18, 19]));
  });

  test('has committed a body although the answer was lost on the way', async () => {
    const [whole, large] = [newKey(), newKey()];
    const small = await store.stageWhole(whole, BODY, CSV);
    gate.loseAnswers = 1;
    assert.equal(await store.commit(small), 'committed');
    const staged = await stageLarge(large, 9);
    gate.loseAnswers = 1;
    assert.equal(await store.commit(staged), 'committed');
    assert.deepEqual(await bytesOf(store, whole), BODY);
    assert.equal(await store.size(large), 9 * MIB);
  });

  test('carries on where the answer to a part was lost', async () => {
    const key = newKey();
    const stage = await store.stage(key, CSV);
    for (let at = 0; at < 20; at++) {
      if (at === 9) gate.loseAnswers = 1;
      await stage.write(Buffer.alloc(MIB, at));
    }
    assert.equal(await store.commit(await stage.finish()), 'committed');
    for (const at of [0, 8, 16, 19]) {
      assert.deepEqual(await bytesOf(store, key, { start: at * MIB, end: at * MIB }), Buffer.from([at]));
    }
  });

  test('takes a large body for a key that is taken, and says so at the end', async () => {
    const key = newKey();
    await store.commit(await store.stageWhole(key, BODY, CSV));
    const staged = await stageLarge(key, 20);
    assert.equal(await store.commit(staged), 'exists');
    await store.discard(staged);
    assert.deepEqual(await bytesOf(store, key), BODY);
  });

  test('keeps nothing of bytes that changed on their way, small or large', async () => {
    const [whole, large] = [newKey(), newKey()];
    const small = await store.stageWhole(whole, Buffer.alloc(3 * MIB, 'a'), CSV);
    gate.damageOver = 100_000;
    await assert.rejects(store.commit(small), isStoreFailed);
    assert.equal(gate.damageOver, null);
    const stage = await store.stage(large, CSV);
    await stage.write(Buffer.alloc(8 * MIB, 'a'));
    gate.damageOver = 100_000;
    await stage.write(Buffer.alloc(MIB, 'b'));
    const staged = await stage.finish();
    assert.equal(gate.damageOver, null);
    await assert.rejects(store.commit(staged), isStoreFailed);
    assert.deepEqual([await store.size(whole), await store.size(large)], [null, null]);
  });

  test('tells when it takes no bytes, and leaves nothing of the question', async () => {
    await store.probe();
    gate.refuse = (described) => (described === 'POST resumable' ? { status: 403, code: 'forbidden' } : null);
    await assert.rejects(store.probe(), isStoreFailed);
    gate.refuse = () => null;
    assert.equal(await store.size('archive/probe'), null);
  });

  test('that is not there is a broken store, whatever is asked of it', async () => {
    const missing = new CloudStorageStore({ bucket: 'nowhere', endpoint: cloud.endpoint });
    const named = (error: Error) => isStoreFailed(error) && /bucket nowhere of 127\.0\.0\.1:\d+/.test(error.message);
    await assert.rejects(missing.open(), named);
    await assert.rejects(missing.commit(await missing.stageWhole(newKey(), BODY, CSV)), named);
    await assert.rejects(missing.read(newKey(), null), isStoreFailed);
    await assert.rejects(missing.size(newKey()), isStoreFailed);
  });

  test('reads an empty object, and one whose reader comes late', async () => {
    const key = newKey();
    await store.commit(await store.stageWhole(key, Buffer.alloc(0), CSV));
    const stored = await store.read(key, null);
    assert.equal(stored?.bytes, 0);
    assert.equal((await drained(stored.stream)).length, 0);
  });
});
