import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import createKnex from 'knex';
import type { Archiver } from '../../plugin/Archiver.ts';
import { createArchiver } from '../../plugin/plugin.ts';
import { testAzurite } from '../support/azurite.ts';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';
import { Fleet } from '../support/workers.ts';

/** Keys of the advisory locks of the migrations and of the queue's tables. */
const MIGRATION_LOCK = 0x41_52_43_48;
const QUEUE_LOCK = 0x41_52_43_51;

describe('a start that waits', () => {
  const closers: (() => Promise<unknown>)[] = [];
  const waits: string[] = [];
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-start-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    waits.length = 0;
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function database(): Promise<TestDatabase> {
    const made = await freshDatabase();
    closers.push(() => made.drop());
    await createPortalTables(made.knex);
    return made;
  }

  async function hanging(url: string): Promise<CuttingProxy> {
    const proxy = await CuttingProxy.before(url);
    closers.push(() => proxy.close());
    proxy.hang();
    return proxy;
  }

  function archiverAt(url: string, settings: Readonly<Record<string, unknown>> = {}): Archiver {
    const knex = createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 10 } });
    const archiver = createArchiver({ environment: {} });
    const logger = { ...SILENT, warn: (_: object, message = '') => void waits.push(message) };
    archiver.register(testPortal({ knex, logger, settings: { stopDeadlineMs: 2000, folder, ...settings } }));
    closers.push(() => knex.destroy());
    return archiver;
  }

  /** Stops it as soon as it said what it waits for; both end. */
  async function stopsWhileWaiting(archiver: Archiver, what: string): Promise<void> {
    const starting = archiver.start();
    await until(() => waits.includes(`the start waits for ${what}`), 60);
    await archiver.stop();
    await starting;
    assert.throws(() => archiver.queueName(), { code: 'not-started' });
  }

  it('for a database that hangs says so, and is ended by stop', async () => {
    const { url } = await database();
    const proxy = await hanging(url);
    const archiver = archiverAt(proxy.through(url));
    await stopsWhileWaiting(archiver, 'the database');
    proxy.resume();
  });

  it('for another process that migrates says so, is ended by stop, and goes on when that one is through', async () => {
    const { url, knex } = await database();
    const other = await knex.transaction();
    await other.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const archiver = archiverAt(url);
    await stopsWhileWaiting(archiver, "another process that migrates the archiver's tables");
    await other.rollback();
    await archiver.start();
    assert.equal(archiver.queueName(), 'agenda-postgresql');
    await archiver.stop();
  });

  it("for another process that makes the queue's tables says so, and is ended by stop", async () => {
    const { url, knex } = await database();
    const other = await knex.transaction();
    await other.raw('select pg_advisory_xact_lock(?)', [QUEUE_LOCK]);
    await stopsWhileWaiting(archiverAt(url), 'another process that makes the tables of the queue');
    await other.rollback();
  });

  it('for a store that hangs says so, and is ended by stop', async () => {
    const azurite = await testAzurite();
    closers.push(() => azurite.stop());
    const endpoint = /BlobEndpoint=([^;]+)/.exec(azurite.connectionString)?.[1] ?? assert.fail('no endpoint');
    const proxy = await hanging(endpoint);
    const azureConnectionString = azurite.connectionString.replace(endpoint, proxy.through(endpoint));
    const archiver = archiverAt((await database()).url, { store: 'azure', azureConnectionString });
    await stopsWhileWaiting(archiver, 'the store');
  });

  it('ends with its process at SIGTERM, with the exit code of a stop', async () => {
    const { url } = await database();
    const proxy = await hanging(url);
    const fleet = new Fleet({
      databaseUrl: proxy.through(url),
      mongodbUrl: null,
      variables: { ARCHIVER_STOP_DEADLINE_MS: '2000', ARCHIVER_FOLDER: folder },
    });
    closers.push(() => fleet.end());
    const worker = fleet.spawn();
    const ready = assert.rejects(worker.ready, /ended with 0 before it was ready: .*the start waits for the database/);
    await until(() => proxy.accepted > 0, 60);
    await until(() => worker.said().includes('the start waits for the database'), 60);
    assert.equal(await worker.stop(), 0);
    await ready;
  });
});
