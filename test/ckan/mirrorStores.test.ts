import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Storage } from '@google-cloud/storage';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { createStore } from '../../plugin/wiring/openStore.ts';
import { testAzurite } from '../support/azurite.ts';
import { startServer } from '../support/clouds/startServer.ts';
import { MirrorStage, summaryOf } from '../support/mirrorStage.ts';

/** A cloud with an empty place in it, and the settings that an operator would give. */
interface Place {
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'Azure Blob Storage': async () => {
    const azurite = await testAzurite();
    const container = `mirror-${process.pid}-${Date.now()}`;
    const settings = {
      ARCHIVER_STORE: 'azure',
      AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
      ARCHIVER_AZURE_CONTAINER: container,
    };
    return { settings, stop: azurite.stop };
  },
  'Google Cloud Storage': async () => {
    const { endpoint, stop } = await startServer('cloudStorageServer');
    await new Storage({ apiEndpoint: endpoint, projectId: 'test' }).createBucket('mirror');
    const settings = { ARCHIVER_STORE: 'gcs', ARCHIVER_GCS_BUCKET: 'mirror', ARCHIVER_GCS_ENDPOINT: endpoint };
    return { settings, stop };
  },
  S3: async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'test-secret';
    const { endpoint, stop } = await startServer('s3Server');
    const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: 'mirror' }));
    client.destroy();
    return { settings: { ARCHIVER_STORE: 's3', ARCHIVER_S3_BUCKET: 'mirror', ARCHIVER_S3_ENDPOINT: endpoint }, stop };
  },
};

for (const [name, open] of Object.entries(PLACES)) {
  describe(`a CKAN portal mirrored into ${name}`, () => {
    let place: Place;
    let stage: MirrorStage;
    before(async () => {
      place = await open();
      stage = await MirrorStage.open();
      stage.ckan.datasets = [stage.linked(0), stage.linked(1), stage.linked(2)];
    });
    after(async () => {
      await stage.close();
      await place.stop();
    });

    it('has its copies there, under the keys that the index names, and fetches none of them again', async () => {
      const first = await stage.run([], place.settings);
      assert.equal(first.exitCode, 0, first.errors);
      assert.deepEqual(summaryOf(first).counts, { archived: 3 });
      const store = await createStore(loadConfig({ environment: place.settings }));
      for (const [id, { key }] of await stage.index()) {
        const stored = await store.read(key ?? '', null);
        assert.equal(stored && (await text(stored.stream)), stage.publisher.body(id));
      }
      await store.close();
      stage.publisher.requests.clear();
      const { copies, counts } = summaryOf(await stage.run([], place.settings));
      assert.deepEqual([copies, counts], [0, { archived: 3 }]);
      assert.equal(stage.publisher.total, 0);
    });
  });
}
