import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BlobServiceClient } from '@azure/storage-blob';
import { AzureBlobStore } from '../../plugin/store/azureBlobStore.ts';
import { archiveStoreContract } from '../../plugin/testing/archiveStoreContract.ts';
import type { StoreUnderTest } from '../../plugin/testing/StoreUnderTest.ts';
import { bytesOf, isStoreFailed, newKey } from '../../plugin/testing/storedBytes.ts';
import { type AzureGate, openAzureGate } from '../support/azureGate.ts';
import { type TestAzurite, testAzurite } from '../support/azurite.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const MIB = 1024 * 1024;

let lastContainer = 0;
const newContainer = () => `copies-${process.pid}-${Date.now()}-${++lastContainer}`;

archiveStoreContract({ name: 'a blob container', open: openContainer });

async function openContainer(): Promise<StoreUnderTest> {
  const azurite = await testAzurite();
  const container = newContainer();
  const settings = { connectionString: azurite.connectionString, container };
  const store = new AzureBlobStore(settings);
  const other = new AzureBlobStore(settings);
  await store.open();
  const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(container);
  return {
    store,
    other,
    // What an ordinary listing shows and what nothing of ours committed.
    leftovers: async () => {
      const names: string[] = [];
      for await (const { name, properties } of client.listBlobsFlat()) if (!properties.etag) names.push(name);
      return names;
    },
    close: async () => {
      await store.close();
      await other.close();
      await client.delete();
      await azurite.stop();
    },
  };
}

describe('the blob container', () => {
  let azurite: TestAzurite;
  let gate: AzureGate;
  let store: AzureBlobStore;
  let container: string;
  before(async () => {
    azurite = await testAzurite();
    gate = await openAzureGate(azurite.connectionString);
  });
  after(async () => {
    await gate.close();
    await azurite.stop();
  });
  beforeEach(async () => {
    container = newContainer();
    store = new AzureBlobStore({ connectionString: gate.connectionString, container });
    await store.open();
    gate.seen.length = 0;
  });

  const properties = (key: string) =>
    BlobServiceClient.fromConnectionString(azurite.connectionString)
      .getContainerClient(container)
      .getBlobClient(key)
      .getProperties();

  test('is private, and opens again when it is there', async () => {
    await store.open();
    const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(container);
    assert.equal((await client.getProperties()).blobPublicAccess, undefined);
  });

  test('serves every blob as an attachment of bytes and notes what it was', async () => {
    const [whole, streamed] = [newKey('page.html'), newKey('page.html')];
    await store.commit(await store.stageWhole(whole, BODY, { mediaType: 'text/html' }));
    const stage = await store.stage(streamed, { mediaType: 'text/html' });
    await stage.write(Buffer.alloc(9 * MIB));
    await store.commit(await stage.finish());
    for (const key of [whole, streamed]) {
      const { contentType, contentDisposition, metadata } = await properties(key);
      assert.equal(contentType, 'application/octet-stream');
      assert.equal(contentDisposition, 'attachment');
      assert.equal(metadata?.['mediatype'], 'text/html');
    }
  });

  test('takes a media type that no header could carry', async () => {
    const key = newKey();
    await store.commit(await store.stageWhole(key, BODY, { mediaType: 'text/ü\r\nx: y' }));
    assert.deepEqual(await bytesOf(store, key), BODY);
  });

  test('gets a small body in one request, also when it came in pieces', async () => {
    await store.commit(await store.stageWhole(newKey(), BODY, CSV));
    assert.deepEqual(gate.seen.splice(0), ['PUT']);
    const stage = await store.stage(newKey(), CSV);
    await stage.write(BODY);
    await stage.write(Buffer.alloc(2 * MIB));
    await store.commit(await stage.finish());
    assert.deepEqual(gate.seen.splice(0), ['PUT']);
  });

  test('gets a large body as blocks of 8 MiB and one list of them', async () => {
    const stage = await store.stage(newKey(), CSV);
    await stage.write(Buffer.alloc(20 * MIB));
    await store.commit(await stage.finish());
    assert.deepEqual(gate.seen, ['PUT block', 'PUT block', 'PUT block', 'PUT blocklist']);
  });

  test('has committed a body although the answer was lost on the way', async () => {
    const [whole, streamed] = [newKey(), newKey()];
    const small = await store.stageWhole(whole, BODY, CSV);
    gate.loseAnswers = 1;
    assert.equal(await store.commit(small), 'committed');
    const stage = await store.stage(streamed, CSV);
    await stage.write(Buffer.alloc(9 * MIB));
    const large = await stage.finish();
    gate.loseAnswers = 1;
    assert.equal(await store.commit(large), 'committed');
    assert.deepEqual(await bytesOf(store, whole), BODY);
    assert.equal(await store.size(streamed), 9 * MIB);
  });

  test('that is not there is a broken store, named without its key', async () => {
    const missing = new AzureBlobStore({ connectionString: azurite.connectionString, container: newContainer() });
    const stage = await missing.stageWhole(newKey(), BODY, CSV);
    const secret = /AccountKey=([^;]+)/.exec(azurite.connectionString)?.[1] ?? '';
    assert.ok(secret.length > 20);
    await assert.rejects(missing.commit(stage), (error: Error) => {
      assert.ok(isStoreFailed(error));
      assert.match(error.message, /container copies-.* of 127\.0\.0\.1:\d+/);
      assert.ok(!error.message.includes(secret));
      return true;
    });
  });

  test('behind a connection string that cannot be read is a broken store', () => {
    for (const connectionString of ['', 'nonsense', 'AccountName=a;AccountKey=c2VjcmV0']) {
      assert.throws(
        () => new AzureBlobStore({ connectionString, container }),
        (error: Error) => isStoreFailed(error) && !error.message.includes('c2VjcmV0'),
        connectionString,
      );
    }
  });

  test('has no bound of its own', async () => {
    assert.equal(await store.freeBytes(), null);
  });
});
