import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { AzureBlobStore } from '../../plugin/store/azureBlobStore.ts';
import { bytesOf, isStoreFailed, listed, newKey } from '../../plugin/testing/storedBytes.ts';
import { type AzureGate, openAzureGate } from '../support/azureGate.ts';
import { type TestAzurite, testAzurite } from '../support/azurite.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const MIB = 1024 * 1024;

let lastContainer = 0;
const newContainer = () => `faults-${process.pid}-${Date.now()}-${++lastContainer}`;

describe('rights at a container that is there already', () => {
  let azurite: TestAzurite;
  before(async () => {
    azurite = await testAzurite();
  });
  after(() => azurite.stop());

  /** A connection string with a token for this container alone. */
  async function tokenFor(container: string, permissions: string): Promise<string> {
    const client = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(container);
    const expiresOn = new Date(Date.now() + 3_600_000);
    const url = await client.generateSasUrl({ permissions: ContainerSASPermissions.parse(permissions), expiresOn });
    const endpoint = /BlobEndpoint=([^;]+)/.exec(azurite.connectionString)?.[1];
    return `BlobEndpoint=${endpoint};SharedAccessSignature=${new URL(url).search.slice(1)}`;
  }

  async function madeContainer(): Promise<string> {
    const container = newContainer();
    await BlobServiceClient.fromConnectionString(azurite.connectionString).createContainer(container);
    return container;
  }

  test('are enough, although they do not reach to making one', async () => {
    const container = await madeContainer();
    const store = new AzureBlobStore({ connectionString: await tokenFor(container, 'rcwdl'), container });
    await store.open();
    const key = newKey();
    await store.commit(await store.stageWhole(key, BODY, CSV));
    assert.deepEqual(await bytesOf(store, key), BODY);
    assert.deepEqual(await listed(store, 'archive/'), [key]);
  });

  test('are enough for the mark where they let it be written over, and say so where they do not', async () => {
    const container = await madeContainer();
    const may = new AzureBlobStore({ connectionString: await tokenFor(container, 'rcwl'), container });
    for (const mark of ['one', 'two']) await may.writeMark(mark);
    const mayNot = new AzureBlobStore({ connectionString: await tokenFor(container, 'rcl'), container });
    await assert.rejects(mayNot.writeMark('three'), isStoreFailed);
    assert.deepEqual(await mayNot.readMarks(), ['two']);
  });

  test('to read alone are a broken store, before anything is fetched', async () => {
    const container = await madeContainer();
    const store = new AzureBlobStore({ connectionString: await tokenFor(container, 'rl'), container });
    await assert.rejects(store.open(), isStoreFailed);
    await assert.rejects(store.probe(), isStoreFailed);
  });
});

describe('a container that', () => {
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
    gate.refuse = () => null;
    container = newContainer();
    store = new AzureBlobStore({ connectionString: gate.connectionString, container });
    await store.open();
  });

  const large = async (key: string) => {
    const stage = await store.stage(key, CSV);
    for (let mib = 0; mib < 20; mib++) await stage.write(Buffer.alloc(MIB, mib));
    return stage.finish();
  };

  test('disappears is a broken store, and says of no copy that it is lost', async () => {
    const key = newKey();
    await store.commit(await store.stageWhole(key, BODY, CSV));
    await BlobServiceClient.fromConnectionString(azurite.connectionString).deleteContainer(container);
    const another = await store.stageWhole(newKey(), BODY, CSV);
    for (const ask of [
      () => store.size(key),
      () => store.read(key, null),
      () => store.commit(another),
      () => store.probe(),
      () => listed(store, 'archive/'),
    ])
      await assert.rejects(ask, isStoreFailed);
  });

  for (const [status, code] of [
    [429, 'TooManyRequests'],
    [503, 'ServerBusy'],
  ] as const)
    test(`answers ${status} in the middle of an upload gets all of it when it takes it`, async () => {
      let refusals = 2;
      gate.refuse = (described) => (described === 'PUT block' && refusals-- > 0 ? { status, code } : null);
      const key = newKey();
      assert.equal(await store.commit(await large(key)), 'committed');
      assert.ok(refusals < 0);
      assert.equal(await store.size(key), 20 * MIB);
    });

  test('takes no more blocks because a token ran out leaves nothing, and takes the same key later', async () => {
    let blocks = 0;
    gate.refuse = (described) =>
      described === 'PUT block' && ++blocks > 1 ? { status: 403, code: 'AuthenticationFailed' } : null;
    const key = newKey();
    const stage = await store.stage(key, CSV);
    await assert.rejects(async () => {
      for (let mib = 0; mib < 20; mib++) await stage.write(Buffer.alloc(MIB, mib));
      await stage.finish();
    }, isStoreFailed);
    await stage.abandon();
    gate.refuse = () => null;
    assert.deepEqual(await listed(store, 'archive/'), []);
    assert.equal(await store.commit(await large(key)), 'committed');
  });
});
