import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { FilePublisher } from '../support/filePublisher.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

describe('a plugin that only checks links (ARCHIVER_CHECK_ONLY)', () => {
  let publisher: FilePublisher;
  let database: TestDatabase;
  let folder = '';
  let archiver: Archiver;
  before(async () => {
    publisher = await FilePublisher.start(1);
    publisher.answer = (id, _, response) => id === 'gone' && Boolean(response.writeHead(404).end());
    database = await freshDatabase();
    await createPortalTables(database.knex);
    folder = await mkdtemp(join(tmpdir(), 'archiver-check-'));
    for (const id of ['good', 'gone']) await addResource(database.knex, id, publisher.url(id));
  });
  after(async () => {
    await archiver.stop();
    await publisher.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(environment: Readonly<Record<string, string>>): Promise<void> {
    archiver = createArchiver({ environment });
    archiver.register(testPortal({ knex: database.knex, settings: { folder, databaseUrl: database.url } }));
    await archiver.start();
  }

  async function codes(): Promise<Record<string, string | null>> {
    const found = await archiver.archive.status(['good', 'gone']);
    return Object.fromEntries(found.map(({ resourceId, code }) => [resourceId, code]));
  }

  const cacheUrls = async () => (await database.knex('resource').orderBy('id')).map(({ cache_url }) => cache_url);
  const stored = async () => (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.csv'));

  it('says what works and what is broken, keeps nothing, and tells the portal of no copy', async () => {
    await start({ ARCHIVER_CHECK_ONLY: 'true' });
    for (const resourceId of ['good', 'gone'])
      await archiver.hooks.afterResourceCreate({ resourceId, datasetId: 'd1' });
    await until(async () => Object.values(await codes()).filter((code) => code !== null).length === 2, 60);
    assert.deepEqual(await codes(), { good: 'checked-only', gone: 'gone' });
    assert.deepEqual(await cacheUrls(), [null, null]);
    assert.deepEqual(await stored(), []);
    const status = await archiver.archive.taskStatus({ resourceId: 'gone' });
    assert.equal(status?.state, 'failure');
  });

  it('keeps what works as soon as it is started without', async () => {
    await archiver.stop();
    await start({});
    await archiver.archive.sweep({ dryRun: false });
    await until(async () => (await codes())['good'] === 'archived', 60);
    assert.equal((await stored()).length, 1);
    const [gone, good] = await cacheUrls();
    assert.match(String(good), /good/);
    assert.equal(gone, null);
  });
});
