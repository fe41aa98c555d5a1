import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { createArchiver } from '../../plugin/plugin.ts';
import { testMongodb } from '../support/mongodb.ts';
import { freshDatabase } from '../support/postgres.ts';
import { addResource, createPortalTables, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const mongodb = await testMongodb();
after(async () => {
  if (!('missing' in mongodb)) await mongodb.stop();
});

/** What a sweep finds is queued and lost before anybody works on it; the next sweep queues it again. */
async function losesAndSweeps(
  settings: Readonly<Record<string, unknown>>,
  lose: (knex: Awaited<ReturnType<typeof freshDatabase>>['knex']) => Promise<unknown>,
): Promise<void> {
  const publisher = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' }).end(`a,b\n1,${request.url}\n`);
  });
  await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
  const { port } = publisher.address() as AddressInfo;
  const database = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'archiver-lost-queue-'));
  const [portal, worker] = [createArchiver({ environment: {} }), createArchiver({ environment: {} })];
  try {
    await createPortalTables(database.knex);
    for (const id of ['r1', 'r2']) await addResource(database.knex, id, `http://127.0.0.1:${port}/${id}.csv`);
    for (const archiver of [portal, worker])
      archiver.register(testPortal({ knex: database.knex, settings: { folder, threads: 1, ...settings } }));
    await portal.start({ roles: ['web'] });
    assert.equal((await portal.archive.sweep({ dryRun: false })).hosts, 1);
    await lose(database.knex);
    await worker.start({ roles: ['worker'] });
    assert.equal((await portal.archive.sweep({ dryRun: false })).hosts, 1);
    await until(async () => (await database.knex('resource').whereNotNull('cache_url')).length === 2);
  } finally {
    for (const archiver of [worker, portal]) await archiver.stop();
    publisher.closeAllConnections();
    publisher.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

describe('a queue that was lost', () => {
  it('is filled again by the next sweep, in PostgreSQL', () =>
    losesAndSweeps({}, async (knex) => {
      assert.equal(await knex('archiver.archiver_jobs').delete(), 1);
    }));

  it('is filled again by the next sweep, in MongoDB', { skip: 'missing' in mongodb && mongodb.missing }, async () => {
    if ('missing' in mongodb) return;
    const client = await MongoClient.connect(mongodb.url);
    try {
      await losesAndSweeps({ mongodbUrl: mongodb.url }, async () => {
        const jobs = client.db().collection('archiver_jobs');
        assert.equal(await jobs.countDocuments({ name: { $exists: true } }), 1);
        await jobs.drop();
      });
    } finally {
      await client.close();
    }
  });
});
