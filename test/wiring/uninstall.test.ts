import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { createArchiver } from '../../plugin/plugin.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { createPortalTables, testPortal } from '../support/testPortal.ts';

const mongodb = await testMongodb();
after(async () => {
  if (!('missing' in mongodb)) await mongodb.stop();
});

describe('uninstalling', () => {
  let database: TestDatabase;
  let folder = '';

  before(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-uninstall-'));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function archiverWith(settings: Readonly<Record<string, unknown>>) {
    const archiver = createArchiver({ environment: {} });
    archiver.register(testPortal({ knex: database.knex, settings: { folder, threads: 1, ...settings } }));
    return archiver;
  }

  async function ourNames(): Promise<string[]> {
    const { rows } = await database.knex.raw(
      `select relname as name from pg_class where relname like 'archiver%' or relnamespace = to_regnamespace('archiver')
       union all select nspname from pg_namespace where nspname = 'archiver'
       union all select attname::text from pg_attribute where attname in ('cache_url', 'cache_last_updated') and not attisdropped
       union all select proname from pg_proc where proname like 'update_archiver%'`,
    );
    return rows.map(({ name }: { name: string }) => name);
  }

  it('stops what runs, leaves nothing in the database, and can be followed by a new start', async () => {
    const archiver = archiverWith({});
    await archiver.start();
    const { rowCount } = await database.knex.raw(`select from archiver.archiver_jobs`);
    assert.equal(rowCount, 0);
    assert.deepEqual(await archiver.uninstall(), { copies: [], places: [folder], left: [] });
    assert.deepEqual(await ourNames(), []);
    await assert.rejects(archiver.archive.overview(), { code: 'not-started' });
    assert.deepEqual(await archiver.uninstall(), { copies: [], places: [folder], left: [] });
    await archiver.start();
    await archiver.uninstall();
  });

  it('takes its collection out of MongoDB, and that of no other archiver', {
    skip: 'missing' in mongodb && mongodb.missing,
  }, async () => {
    if ('missing' in mongodb) return;
    const client = await MongoClient.connect(mongodb.url);
    try {
      const [own, other] = [{}, { schema: 'other' }].map((settings) =>
        archiverWith({ mongodbUrl: mongodb.url, ...settings }),
      );
      await own?.start();
      await other?.start();
      const named = async () => (await client.db().listCollections().toArray()).map(({ name }) => name).sort();
      assert.deepEqual(await named(), ['archiver_jobs', 'other.archiver_jobs']);
      assert.deepEqual((await own?.uninstall())?.left, []);
      assert.deepEqual(await named(), ['other.archiver_jobs']);
      await other?.uninstall();
      assert.deepEqual(await named(), []);
    } finally {
      await client.close();
    }
  });
});
