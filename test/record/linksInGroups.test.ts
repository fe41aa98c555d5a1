import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Archival, Lease } from '../../plugin/model/archival.ts';
import type { HostTransaction } from '../../plugin/portal/HostDatabase.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

const HOST = 'data.example';
const MIGRATION = '../../migrations/036_links_in_groups.js';
const BEFORE = new Date('2026-11-01T00:00:00Z');

describe('links of archivals that change in groups', () => {
  let test: TestRecords;
  beforeEach(async () => {
    test = await testRecords();
  });
  afterEach(() => test.close());

  it('stand as their archivals do, and are counted so, whoever changed them', async () => {
    const { knex, records } = test;
    const ids = await request(40);
    await assertKept('requested');
    const leases = await lease();
    await knex.raw(`update archiver.archival set host = 'moved.example' where resource_id in ('r3', 'r4')`);
    await knex.raw(
      `update archiver.archival set dataset_id = 'd2', code = 'gone', broken = true where resource_id = 'r5'`,
    );
    await assertKept('changed by hand');
    await records.archivals.record(leases.map((one, index) => outcomeOf(one, {}, ENDS[index % ENDS.length])));
    await assertKept('recorded');
    await records.archivals.request([requestFor('r6', 'https://other.example/6')], how);
    await assertKept('requested again elsewhere');
    await knex.raw('update archiver.archival set link_failure_count = link_failure_count + 1, broken = null');
    await assertKept('all changed by hand');
    await records.archivals.forget(ids.slice(0, 7));
    await knex.raw(`delete from archiver.archival where resource_id > 'r3'`);
    await assertKept('deleted');
    await records.reports.addUp({ confirmFailures: 3, now: new Date() });
    await assertKept('added up');
  });

  it('follow a worker of the version before, whose migration was undone and made again', async () => {
    const { knex, records } = test;
    const { up, down } = await import(MIGRATION);
    await request(9);
    await down(knex, NAMES);
    const leases = await lease();
    await records.archivals.record(leases.slice(0, 4).map((one, index) => outcomeOf(one, {}, ENDS[index])));
    await knex.raw(`update archiver.archival set code = 'gone', broken = true where resource_id = 'r8'`);
    await knex.raw(`delete from archiver.archival where resource_id = 'r7'`);
    await assertKept('by row');
    await up(knex, NAMES);
    await records.archivals.record(leases.slice(4, 7).map((one, index) => outcomeOf(one, {}, ENDS[index])));
    await assertKept('by statement again');
  });

  it('are followed where the portal’s own trigger changes archivals while a group is recorded', async () => {
    const { knex } = test;
    await request(3);
    const leases = await lease();
    const writeBack = async (_: unknown, on: HostTransaction) => {
      await on.raw(`update archiver.archival set host = 'late.example' where resource_id = 'r1'`, []);
    };
    const records = createRecords({ knex, schema: NAMES.schema, ownsKnex: false, writeBack });
    const change = {
      cacheUrl: 'https://portal.example/1',
      cacheLastUpdated: BEFORE,
      hash: null,
      size: null,
      mimetype: null,
    };
    const outcomes = leases.map((one) => outcomeOf(one, { writeBack: { ...change, resourceId: one.resourceId } }));
    const recorded = await records.archivals.record(outcomes);
    assert.deepEqual(
      recorded.map(({ result }) => result),
      ['recorded', 'recorded', 'recorded'],
    );
    await assertKept('changed beside a record');
    assert.equal((await knex('archiver.link').where({ resource_id: 'r1' }).first()).host, 'late.example');
  });

  it('leave what was seen of them first, and keep the moment of their last change where nothing changes', async () => {
    const { knex, records } = test;
    const linkOf = () => knex('archiver.link').where({ resource_id: 'r0' }).first();
    const seen = { code: 'timeout', broken: null, linkFailureCount: 1 } as const;
    await request(1);
    const end = async (one: Lease | undefined, changes: Partial<Archival>) =>
      records.archivals.record([outcomeOf(one ?? assert.fail(), {}, changes)]);
    await end((await lease())[0], { ...seen, firstFailureAt: BEFORE });
    await end((await againDue())[0], { ...seen, linkFailureCount: 2, firstFailureAt: null });
    const link = await linkOf();
    assert.deepEqual([link.failing_since, link.failures], [BEFORE, 2]);
    await end((await againDue())[0], { ...seen, linkFailureCount: 2, firstFailureAt: BEFORE });
    assert.deepEqual(await linkOf(), link);
  });

  it('add as many rows of counts as there are counts, however many links change', async () => {
    const { knex, records } = test;
    await request(50);
    const added = async () => (await knex('archiver.report_change').where({ scope: 'host' })).length;
    assert.equal(await added(), 1);
    await records.archivals.record((await lease()).map((one) => outcomeOf(one)));
    assert.equal(await added(), 3);
  });

  const how = { lane: 'bulk', runId: null, now: BEFORE } as const;

  async function request(count: number): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, (_, index) => `r${index}`);
    await test.records.archivals.request(
      ids.map((id) => requestFor(id)),
      how,
    );
    return ids;
  }

  async function lease(): Promise<readonly Lease[]> {
    return test.records.archivals.leaseDue(HOST, { owner: 'w', leaseMs: 60_000, now: new Date(), limit: 100 });
  }

  async function againDue(): Promise<readonly Lease[]> {
    await test.knex('archiver.archival').update({ next_check_at: BEFORE });
    return lease();
  }

  async function assertKept(what: string): Promise<void> {
    for (const sql of [DIFFERING, MISCOUNTED]) assert.deepEqual((await test.knex.raw(sql)).rows, [], what);
  }
});

const ENDS = [
  {},
  { code: 'gone', broken: true, linkFailureCount: 3, firstFailureAt: BEFORE },
  { code: 'timeout', broken: null, linkFailureCount: 200, firstFailureAt: null },
  { code: 'too-large', broken: null, linkFailureCount: 0 },
  { host: 'final.example', url: 'https://final.example/' },
] as const;

/** Links that are not as their archivals say. */
const DIFFERING = `
  select * from archiver.archival as a full join archiver.link as l using (resource_id)
  where (l.dataset_id, l.host, l.code) is distinct from (a.dataset_id, a.host, a.code)
    or l.failures <> case when a.broken is false then -1 else least(a.link_failure_count, 100) end
    or (l.failing_since is not null) <> (a.code is not null and a.broken is distinct from false)
    or l.failing_since <> a.first_failure_at`;

/** Counts that are not those of the links. */
const MISCOUNTED = `
  with kept as (
      select scope, subject, code, failures, sum(count) as count
      from (select * from archiver.report_count
        union all select scope, subject, code, failures, count, bytes from archiver.report_change) as c
      where scope in ('organisation', 'host') group by 1, 2, 3, 4 having sum(count) <> 0),
    counted as (
      select scope, subject, coalesce(code, '') as code, failures, count(*) as count
      from archiver.link cross join lateral (values ('organisation', organisation_id), ('host', host)) as s (scope, subject)
      group by 1, 2, 3, 4)
  select * from kept full join counted using (scope, subject, code, failures)
  where kept.count is distinct from counted.count`;
