import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createArchiver } from '../../plugin/plugin.ts';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import type { HostDatabase } from '../../plugin/portal/HostDatabase.ts';
import { FilePublisher } from '../support/filePublisher.ts';
import { freshDatabase } from '../support/postgres.ts';
import { addResource, createPortalTables, SILENT } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

/** As a host's package.json names them; the newest is the one that the archiver brings itself. */
const INSTALLED: Readonly<Record<string, string>> = {
  '1.0': 'knex-1',
  '2.5': 'knex-2',
  '3.1': 'knex-3',
  newest: 'knex',
};

describe('a portal whose database is', () => {
  let publisher: FilePublisher;
  before(async () => {
    publisher = await FilePublisher.start(1);
  });
  after(() => publisher.stop());

  for (const [version, installed] of Object.entries(INSTALLED)) {
    it(`knex ${version} has its tables migrated, a save archived and written back, and all taken away again`, async () => {
      const database = await freshDatabase();
      const folder = await mkdtemp(join(tmpdir(), 'archiver-knex-'));
      const { default: createKnex }: { default(config: object): HostDatabase } = await import(installed);
      const knex = createKnex({ client: 'pg', connection: database.url });
      const archiver = createArchiver({ environment: {} });
      try {
        await createPortalTables(database.knex);
        archiver.register(
          createExpressPortal({
            knex,
            site: 'http://portal.example',
            name: 'portal',
            version,
            logger: SILENT,
            authorize: () => true,
            settings: { folder, sweepCron: '', allowNetworks: '127.0.0.0/8' },
          }),
        );
        await archiver.start();
        await addResource(database.knex, 'r1', publisher.url(version));
        await knex.transaction((transaction) =>
          archiver.hooks.afterResourceCreate({ datasetId: 'd1', resourceId: 'r1', transaction }),
        );
        const row = () => database.knex('resource').first('cache_url', 'size');
        await until(async () => (await row()).cache_url !== null);
        assert.equal(Number((await row()).size), publisher.body(version).length);
        await archiver.uninstall();
        assert.ok(!(await database.knex.schema.hasColumn('resource', 'cache_url')));
      } finally {
        await archiver.stop();
        await knex.destroy();
        await database.drop();
        await rm(folder, { recursive: true });
      }
    });
  }
});
