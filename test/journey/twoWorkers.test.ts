import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { testAzurite } from '../support/azurite.ts';
import { FleetPortal, type FleetPortalOptions, wholeArchive } from '../support/fleetPortal.ts';
import { testMongodb } from '../support/mongodb.ts';

const mongodb = await testMongodb();
const missing = 'missing' in mongodb ? mongodb.missing : false;
const RESOURCES = 500;

describe('two worker processes', () => {
  let portal: FleetPortal | null = null;

  after(async () => {
    if (!('missing' in mongodb)) await mongodb.stop();
  });
  afterEach(async () => {
    await portal?.close();
    portal = null;
  });

  async function archiveOnce(options: FleetPortalOptions): Promise<void> {
    portal = await FleetPortal.create(options);
    const ids = [
      ...(await portal.addResources('asked', RESOURCES / 2)),
      ...(await portal.addResources('found', RESOURCES / 2)),
    ];
    await portal.fleet.spawnMany(2);
    await portal.archiveDataset('asked');
    await portal.archiver.archive.sweep({ dryRun: false });
    await portal.settled(RESOURCES, 120);
    assert.deepEqual(await portal.outcome(ids), wholeArchive(ids));
    assert.deepEqual(
      [...portal.publisher.requests.values()],
      ids.map(() => 1),
    );
    assert.equal(portal.publisher.total, RESOURCES);
  }

  it('archive each of 500 resources once, with the queue in PostgreSQL', () => archiveOnce({}));

  it('archive each of 500 resources once, with the queue in MongoDB', { skip: missing }, () => {
    assert.ok(!('missing' in mongodb));
    return archiveOnce({ mongodbUrl: mongodb.url });
  });

  it('archive each of 500 resources once into Azure Blob Storage', async () => {
    const azurite = await testAzurite();
    try {
      await archiveOnce({ azureConnectionString: azurite.connectionString });
    } finally {
      await azurite.stop();
    }
  });
});
