import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { migrate } from '../../plugin/record/database/migrate.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import type { Records } from '../../plugin/record/Records.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { planOf, rowsRead, statementsOf } from '../support/plans.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { copyFor, outcomeOf } from '../support/recordFixtures.ts';
import { createPortalTables, testPortal } from '../support/testPortal.ts';

/** So many that reading them all is what the planner chooses for a join with a group, and is not cheap. */
const COUNT = 8000;
const GROUP = 100;

describe('a group of records', () => {
  let database: TestDatabase;
  let records: Records;
  before(async () => {
    database = await freshDatabase();
    const { knex } = database;
    await createPortalTables(knex);
    await migrate(knex, NAMES, 'up');
    const { catalog } = testPortal({ knex });
    const writeBack = catalog.writeBack.bind(catalog);
    records = createRecords({ knex, schema: NAMES.schema, ownsKnex: false, writeBack });
    await knex('package').insert({ id: 'd1', name: 'd1' });
    await knex.raw(
      `insert into resource (id, package_id, url, name)
       select 'r' || i, 'd1', 'https://data.example/' || i, 'Resource ' || i from generate_series(1, ${COUNT}) as i`,
    );
    await knex.raw(
      `insert into archiver.archival (resource_id, dataset_id, url, host, lane, next_check_at, known)
       select id, 'd1', url, 'data.example', 'bulk', now() - interval '1 day', jsonb_build_object('url', repeat('u', 900))
       from resource`,
    );
    await knex.raw(
      `insert into archiver.task_status (entity_id, entity_type, task_type, key, value, state, last_updated)
       select id, 'resource', 'archiver', 'status', '{}', 'pending', now() from resource`,
    );
    await knex.raw('vacuum analyze');
  });
  after(() => database.drop());

  it('reads its own rows and few others, of our tables as of the portal’s', async () => {
    const { knex } = database;
    const by = { owner: 'w', leaseMs: 600_000, now: new Date(), limit: GROUP };
    const leases = await records.archivals.leaseDue('data.example', by);
    assert.equal(leases.length, GROUP);
    const back = { cacheLastUpdated: new Date(), hash: null, size: 4, mimetype: null };
    const outcomes = leases.map((lease) => {
      const writeBack = {
        ...back,
        resourceId: lease.resourceId,
        cacheUrl: `https://copies.example/${lease.resourceId}`,
      };
      return outcomeOf(lease, { copy: copyFor(lease), writeBack });
    });
    const sent = await statementsOf(knex, async () => {
      for (const { result } of await records.archivals.record(outcomes)) assert.equal(result, 'recorded');
    });
    const plans = [];
    for (const statement of sent) plans.push(await planOf(knex, statement));
    for (const table of ['archival', 'link', 'resource']) {
      const read = plans.reduce((sum, plan) => sum + rowsRead(plan, table), 0);
      assert.ok(read >= GROUP && read <= 4 * GROUP, `${read} rows of ${table}`);
    }
  });

  it('of what is still fresh reads its own rows and few others', async () => {
    const { knex } = database;
    const now = new Date();
    const known = { url: 'https://data.example/1' };
    const fresh = Array.from({ length: GROUP }, (_, index) => ({
      ...{ resourceId: `r${index * 7 + 1000}`, url: known.url, code: null, unchangedCount: 0, copyId: null },
      known: { ...known, storedAt: '', status: 200, headers: {}, bytes: 1, md5: null, sha256: null, ok: true },
      ...{ requestSeq: 0, token: null, sweepId: null },
    }));
    const advances = fresh.map((one) => ({ fresh: one, datasetId: 'd1', freshUntil: now, nextCheckAt: now }));
    const sent = await statementsOf(knex, async () => {
      assert.equal((await records.archivals.advance(advances, { now })).length, GROUP);
    });
    const advance = sent.find(({ sql }) => sql.includes('advanced as')) ?? assert.fail('nothing was advanced');
    const plan = await planOf(knex, advance);
    for (const table of ['archival', 'task_status']) {
      const read = rowsRead(plan, table);
      assert.ok(read >= GROUP && read <= 4 * GROUP, `${read} rows of ${table}`);
    }
  });

  it('of the portal’s words reads the links that they are about', async () => {
    const { knex } = database;
    const resources = Array.from({ length: GROUP }, (_, index) => ({
      ...{ id: `r${index * 7 + 1}`, datasetId: 'd1', name: 'Another name', pageUrl: null },
    }));
    const sent = await statementsOf(knex, () =>
      records.reports.note({ resources, datasets: [] }, 'https://portal.example'),
    );
    const words = sent.find(({ sql }) => sql.includes('with given')) ?? assert.fail('nothing was noted');
    await knex.raw(`update archiver.link set name = null`);
    const read = rowsRead(await planOf(knex, words), 'link');
    assert.ok(read >= GROUP && read <= 4 * GROUP, `${read} links`);
  });
});
