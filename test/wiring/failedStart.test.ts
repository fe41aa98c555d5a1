import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import createKnex, { type Knex } from 'knex';
import { createArchiver } from '../../plugin/plugin.ts';
import { closedPort } from '../support/closedPort.ts';
import { OpenResources } from '../support/openResources.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { createPortalTables, SILENT, testPortal } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const WEBHOOK = {
  url: 'http://127.0.0.1:1/hook',
  secret: `whsec_${Buffer.from('known to nobody').toString('base64')}`,
};

describe('a start that fails', () => {
  let database: TestDatabase;
  let host: Knex;
  let folder = '';
  let resources: OpenResources;

  before(async () => {
    database = await freshDatabase();
    await createPortalTables(database.knex);
    // Agenda's table is taken by something that it cannot use.
    await database.knex.raw('create schema archiver; create table archiver.taken_jobs (id integer)');
    folder = await mkdtemp(join(tmpdir(), 'archiver-start-'));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    host = createKnex({ client: 'pg', connection: database.url, pool: { min: 0, max: 4 } });
    resources = new OpenResources(['Timeout', 'WORKER', 'TCPWRAP']);
  });
  afterEach(() => resources.stop());

  function archiverWith(settings: Readonly<Record<string, unknown>>) {
    const archiver = createArchiver({ environment: {} });
    const all = { folder, webhooks: [WEBHOOK], sweepCron: '* * * * *', ...settings };
    archiver.register(testPortal({ knex: host, settings: all, logger: SILENT }));
    return archiver;
  }

  /** The host ends its own pool, so that only what the plugin opened can be left. */
  async function nothingIsLeft(): Promise<void> {
    resources.pause();
    await host.destroy();
    await until(() => resources.types.length === 0, 5).catch(() => undefined);
    assert.deepEqual(resources.types, []);
  }

  it('leaves no timer, thread or connection when MongoDB is away', async () => {
    const archiver = archiverWith({ mongodbUrl: `mongodb://127.0.0.1:${await closedPort()}/archiver` });
    await assert.rejects(archiver.start(), { code: 'queue-failed' });
    await nothingIsLeft();
  });

  it('leaves nothing however often it is tried again', async () => {
    const archiver = archiverWith({ queueName: 'taken_jobs' });
    for (let tried = 0; tried < 3; tried++) await assert.rejects(archiver.start(), { code: 'queue-failed' });
    await nothingIsLeft();
  });

  it('leaves nothing when the store cannot be opened', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const archiver = archiverWith({ folder: join(file, 'store') });
    await assert.rejects(archiver.start(), { code: 'store-failed' });
    await nothingIsLeft();
  });
});
