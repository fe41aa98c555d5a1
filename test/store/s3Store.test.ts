import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CreateBucketCommand, HeadObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { S3Store } from '../../plugin/store/s3Store.ts';
import { archiveStoreContract } from '../../plugin/testing/archiveStoreContract.ts';
import type { StoreUnderTest } from '../../plugin/testing/StoreUnderTest.ts';
import { bytesOf, isStoreFailed, newKey } from '../../plugin/testing/storedBytes.ts';
import { startServer, type TestCloud } from '../support/clouds/startServer.ts';
import { type LossyGate, openLossyGate } from '../support/lossyGate.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const MIB = 1024 * 1024;

// As an operator gives them.
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test-secret';

let lastBucket = 0;

const clientOf = ({ endpoint }: TestCloud) => new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true });

async function newBucket(client: S3Client): Promise<string> {
  lastBucket += 1;
  const name = `copies-${lastBucket}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

/** Keys of uploads in parts that were begun and neither completed nor dropped. */
async function openUploads(client: S3Client, bucket: string): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.map(({ Key = '' }) => Key);
}

archiveStoreContract({ name: 'a bucket of S3', open: openBucket });

async function openBucket(): Promise<StoreUnderTest> {
  const cloud = await startServer('s3Server');
  const client = clientOf(cloud);
  const bucket = await newBucket(client);
  const settings = { bucket, region: null, endpoint: cloud.endpoint };
  const store = new S3Store(settings);
  const other = new S3Store(settings);
  await store.open();
  return {
    store,
    other,
    leftovers: () => openUploads(client, bucket),
    close: async () => {
      await store.close();
      await other.close();
      client.destroy();
      await cloud.stop();
    },
  };
}

describe('the bucket of S3', () => {
  let cloud: TestCloud;
  let client: S3Client;
  let gate: LossyGate;
  let store: S3Store;
  let bucket: string;
  before(async () => {
    cloud = await startServer('s3Server');
    client = clientOf(cloud);
    gate = await openLossyGate(cloud.endpoint, ({ method, url = '' }) => {
      const { searchParams } = new URL(url, cloud.endpoint);
      const names = ['uploads', 'partNumber', 'uploadId'].filter((name) => searchParams.has(name));
      return [method, names[0]].filter((word) => word !== undefined).join(' ');
    });
  });
  after(async () => {
    client.destroy();
    await gate.close();
    await cloud.stop();
  });
  beforeEach(async () => {
    await store?.close();
    bucket = await newBucket(client);
    store = new S3Store({ bucket, region: 'eu-central-1', endpoint: gate.endpoint });
    gate.seen.length = 0;
  });
  after(() => store.close());

  const stageLarge = async (key: string, mib: number) => {
    const stage = await store.stage(key, CSV);
    for (let at = 0; at < mib; at++) await stage.write(Buffer.alloc(MIB, at));
    return stage.finish();
  };

  test('serves every object as an attachment of bytes and notes what it was', async () => {
    const [whole, large] = [newKey('page.html'), newKey('page.html')];
    await store.commit(await store.stageWhole(whole, BODY, { mediaType: 'text/ht\u00fcml' }));
    await store.commit(await stageLarge(large, 9));
    for (const [Key, mediatype] of [
      [whole, 'text/html'],
      [large, 'text/csv'],
    ] as const) {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      assert.equal(found.ContentType, 'application/octet-stream');
      assert.equal(found.ContentDisposition, 'attachment');
      assert.equal(found.Metadata?.['mediatype'], mediatype);
    }
  });

  test('gets a small body in one request, also when it came in pieces', async () => {
    await store.commit(await store.stageWhole(newKey(), BODY, CSV));
    assert.deepEqual(gate.seen.splice(0), ['PUT']);
    await store.commit(await stageLarge(newKey(), 8));
    assert.deepEqual(gate.seen.splice(0), ['PUT']);
  });

  test('gets a large body in parts that the commit makes one object of', async () => {
    const key = newKey();
    const staged = await stageLarge(key, 20);
    assert.deepEqual(gate.seen.splice(0), ['POST uploads', 'PUT partNumber', 'PUT partNumber']);
    assert.equal(await store.commit(staged), 'committed');
    assert.deepEqual(gate.seen, ['PUT partNumber', 'POST uploadId']);
    assert.deepEqual(await bytesOf(store, key, { start: 19 * MIB - 1, end: 19 * MIB }), Buffer.from([18, 19]));
  });

  test('has committed a body although the answer was lost on the way', async () => {
    const [whole, large] = [newKey(), newKey()];
    const small = await store.stageWhole(whole, BODY, CSV);
    gate.loseAnswers = 1;
    assert.equal(await store.commit(small), 'committed');
    const stage = await store.stage(large, CSV);
    await stage.write(Buffer.alloc(9 * MIB));
    const staged = await stage.finish();
    gate.loseAnswers = 2;
    assert.equal(await store.commit(staged), 'committed');
    assert.deepEqual(await bytesOf(store, whole), BODY);
    assert.equal(await store.size(large), 9 * MIB);
  });

  test('keeps nothing of bytes that changed on their way, small or large', async () => {
    const [whole, large] = [newKey(), newKey()];
    const small = await store.stageWhole(whole, Buffer.alloc(3 * MIB, 'a'), CSV);
    gate.damageOver = 100_000;
    await assert.rejects(store.commit(small), isStoreFailed);
    assert.equal(gate.damageOver, null);
    gate.damageOver = 100_000;
    const stage = await store.stage(large, CSV);
    await stage.write(Buffer.alloc(9 * MIB, 'a'));
    await assert.rejects(stage.finish(), isStoreFailed);
    await stage.abandon();
    assert.deepEqual([await store.size(whole), await store.size(large)], [null, null]);
    assert.deepEqual(await openUploads(client, bucket), []);
  });

  test('loses uploads that a dead process left, but only old ones', async () => {
    const dead = new S3Store({ bucket, region: null, endpoint: cloud.endpoint });
    const stage = await dead.stage(newKey(), CSV);
    await stage.write(Buffer.alloc(9 * MIB));
    await stage.finish();
    await dead.close();
    assert.equal(await store.dropStages(3_600_000), 0);
    assert.equal((await openUploads(client, bucket)).length, 1);
    assert.equal(await store.dropStages(-3_600_000), 1);
    assert.deepEqual(await openUploads(client, bucket), []);
  });

  test('opens again when it was opened before, and proves with one request that nothing is written over', async () => {
    await store.open();
    assert.deepEqual(gate.seen.splice(0), ['GET', 'PUT', 'PUT']);
    await store.open();
    assert.deepEqual(gate.seen.splice(0), ['GET', 'PUT']);
    const keys: string[] = [];
    for await (const key of store.list('archive/')) keys.push(key);
    assert.deepEqual(keys, []);
  });

  test('is refused where it writes over what is there', async () => {
    gate.dropHeader = 'if-none-match';
    await assert.rejects(store.open(), /failed while opening it: it writes over an object that is there/);
    gate.dropHeader = null;
  });

  test('tells when it takes no bytes, and leaves nothing of the question', async () => {
    await store.probe();
    await store.probe();
    gate.refuse = (described) => (described === 'PUT' ? { status: 403, code: 'AccessDenied' } : null);
    await assert.rejects(store.probe(), isStoreFailed);
    gate.refuse = () => null;
    assert.equal(await store.size('archive/probe'), null);
  });

  test('that is not there is a broken store, named', async () => {
    const missing = new S3Store({ bucket: 'nowhere', region: null, endpoint: cloud.endpoint });
    const named = (error: Error) => isStoreFailed(error) && /bucket nowhere of 127\.0\.0\.1:\d+/.test(error.message);
    await assert.rejects(missing.open(), named);
    await assert.rejects(missing.commit(await missing.stageWhole(newKey(), BODY, CSV)), named);
    await assert.rejects(missing.read(newKey(), null), isStoreFailed);
    await missing.close();
  });
});
