import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import createKnex from 'knex';
import { createArchiver } from '../../plugin/plugin.ts';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import { portalErrors } from '../../plugin/wiring/portalErrors.ts';
import { SILENT, testPortal } from '../support/testPortal.ts';

const UNREACHABLE = createKnex({ client: 'pg', connection: 'postgres://nobody@127.0.0.1:1/nothing' });

describe('what is wrong with a portal', () => {
  it('comes with the settings and the roles in one report, before anything is asked or opened', async () => {
    const archiver = createArchiver({ environment: { ARCHIVER_MAX_BITES: '1', ARCHIVER_SWEEP_CRON: '99 * * * *' } });
    const made = createExpressPortal({
      knex: UNREACHABLE,
      site: 'data.example',
      name: 'portal',
      version: '1',
      logger: SILENT,
      authorize: () => true,
      tables: { resource: JSON.parse('{ "datasetid": "set" }'), ...JSON.parse('{ "datasets": {} }') },
    });
    Reflect.deleteProperty(made, 'authorize');
    archiver.register(made);
    await assert.rejects(archiver.start({ roles: JSON.parse('["schedular"]') }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'settings-invalid');
      assert.deepEqual(error.message.split('\n'), [
        '8 settings are wrong:',
        '- ARCHIVER_MAX_BITES is no setting; did you mean ARCHIVER_MAX_BYTES?',
        '- ARCHIVER_SWEEP_CRON (sweepCron) is "99 * * * *", which is wrong in: minute; accepted: a cron expression of five or six fields, such as */5 * * * *, or nothing.',
        '- The portal\'s urls.site is "data.example"; it must be an absolute URL of http or https.',
        '- The portal\'s urls.archiver is "data.example/archiver"; it must be an absolute URL of http or https.',
        '- The portal has no authorize: nobody could be let in.',
        '- tables.resource.datasetid is none of table, id, datasetId, url, name, format, urlType, state, cacheUrl, cacheLastUpdated, hash, size, mimetype.',
        '- tables.datasets is none of resource, dataset, organisation, pages.',
        '- "schedular" is no role; those are web, worker, scheduler.',
      ]);
      return true;
    });
  });

  it('is nothing with one that is whole', () => {
    assert.deepEqual(portalErrors(testPortal({ knex: UNREACHABLE })), []);
  });

  it('is each part that a portal of plain JavaScript left out', () => {
    assert.deepEqual(portalErrors({}).slice(0, 3), [
      "The portal's urls.site is missing; it must be an absolute URL of http or https.",
      "The portal's urls.archiver is missing; it must be an absolute URL of http or https.",
      'The portal has no catalog.getResource.',
    ]);
  });

  it('is a database that is no knex, or one of another server', () => {
    const withDatabase = (database: object) =>
      portalErrors(Object.assign({ ...testPortal({ knex: UNREACHABLE }) }, { database }));
    assert.deepEqual(withDatabase({ query: () => undefined }), [
      "The portal's database is no knex: it has no raw, no transaction, no migrate, no client.",
    ]);
    const mysql = {
      raw: UNREACHABLE.raw,
      transaction: UNREACHABLE.transaction,
      migrate: {},
      client: { dialect: 'mysql' },
    };
    assert.deepEqual(withDatabase(mysql), ["The portal's knex is of mysql; the archiver needs PostgreSQL."]);
  });
});
