import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { MongoClient, ObjectId } from 'mongodb';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { FilePublisher } from '../support/filePublisher.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const mongodb = await testMongodb();
const skip = 'missing' in mongodb && mongodb.missing;
after(async () => {
  if (!('missing' in mongodb)) await mongodb.stop();
});

describe('two portals with one schema name on one database of MongoDB', { skip }, () => {
  let databases: TestDatabase[] = [];
  let running: Archiver[] = [];
  let publisher: FilePublisher;
  let client: MongoClient;
  let folder = '';

  beforeEach(async () => {
    assert.ok(!('missing' in mongodb));
    [databases, running] = [[], []];
    client = await MongoClient.connect(mongodb.url);
    publisher = await FilePublisher.start(2);
    folder = await mkdtemp(join(tmpdir(), 'archiver-shared-'));
    for (const _ of [1, 2]) {
      const database = await freshDatabase();
      databases.push(database);
      await createPortalTables(database.knex);
    }
  });
  afterEach(async () => {
    for (const archiver of running) await archiver.stop();
    await client.db().dropDatabase();
    await client.close();
    await publisher.stop();
    for (const database of databases) await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function started(which: 0 | 1): Promise<Archiver> {
    assert.ok(!('missing' in mongodb));
    const { knex } = databaseOf(which);
    const archiver = createArchiver({ environment: {} });
    running.push(archiver);
    const settings = {
      folder: join(folder, String(which)),
      threads: 1,
      mongodbUrl: mongodb.url,
      sweepCron: '',
      allowNetworks: '127.0.0.0/8',
    };
    archiver.register(testPortal({ knex, settings }));
    await archiver.start();
    return archiver;
  }

  function databaseOf(which: 0 | 1): TestDatabase {
    const database = databases[which];
    assert.ok(database);
    return database;
  }

  const collections = async () => (await client.db().listCollections().toArray()).map(({ name }) => name).sort();
  const codeOf = async (which: 0 | 1, id: string) => (await recordsIn(databaseOf(which).knex).archivals.get(id))?.code;

  it('have a collection each, archive what is theirs, and leave that of the other when they go', async () => {
    const [one, other] = [await started(0), await started(1)];
    const [plain, own, ...more] = await collections();
    assert.deepEqual([plain, more], ['archiver_jobs', []]);
    assert.match(own ?? '', /^archiver_jobs_[0-9a-f]{12}$/);
    for (const which of [0, 1] as const) await addResource(databaseOf(which).knex, 'r1', publisher.url('r1', which));
    await one.archive.requestResource('r1');
    await other.archive.requestResource('r1');
    await until(async () => (await codeOf(0, 'r1')) === 'archived' && (await codeOf(1, 'r1')) === 'archived');
    // Whoever comes again finds what is theirs.
    await other.stop();
    const again = await started(1);
    assert.deepEqual(await collections(), [plain, own]);
    await one.uninstall();
    assert.deepEqual(await collections(), [own]);
    await again.uninstall();
    assert.deepEqual(await collections(), []);
  });

  it('lose no job of the collection that they shared, and a worker of the version before goes on in it', async () => {
    const jobs = client.db().collection('archiver_jobs');
    const later = new Date(Date.now() + 3_600_000);
    await jobs.insertMany([
      { name: 'archive-host', data: { host: 'one.example' }, nextRunAt: later, lockedAt: null },
      { name: 'archive-host', data: { host: 'other.example' }, nextRunAt: later, lockedAt: new Date() },
      { name: 'archive-resource', data: { resourceId: 'failed' }, nextRunAt: null, lockedAt: null, failedAt: later },
    ]);
    await started(0);
    await started(1);
    const own = (await collections()).find((name) => name !== 'archiver_jobs') ?? '';
    const waiting = (name: string) =>
      client
        .db()
        .collection(name)
        .find({ 'data.host': { $exists: true } }, { sort: { 'data.host': 1 } })
        .toArray();
    const shown = (found: Awaited<ReturnType<typeof waiting>>) =>
      found.map(({ data, nextRunAt, lockedAt }) => [data.host, nextRunAt, lockedAt]);
    assert.deepEqual(shown(await waiting(own)), [
      ['one.example', later, null],
      ['other.example', later, null],
    ]);
    const left = await waiting('archiver_jobs');
    assert.deepEqual(
      left.map(({ data }) => data.host),
      ['one.example', 'other.example'],
    );
    // As the version before adds one, which knows no owners.
    await jobs.insertOne({
      _id: new ObjectId(),
      name: 'archive-host',
      data: { host: 'third.example' },
      nextRunAt: later,
      lockedAt: null,
    });
    assert.equal((await waiting('archiver_jobs')).length, 3);
  });

  it('are told apart when one is a copy of the other', async () => {
    await started(0);
    const [{ id }] = await databaseOf(0).knex('archiver.portal_identity').select('id');
    const second = await started(1);
    await second.stop();
    const { knex } = databaseOf(1);
    await knex('archiver.portal_identity').update({ id, database: 'another cluster' });
    await started(1);
    const [copied] = await knex('archiver.portal_identity').select('id');
    assert.notEqual(copied.id, id);
    assert.ok((await collections()).includes(`archiver_jobs_${copied.id}`));
  });
});
