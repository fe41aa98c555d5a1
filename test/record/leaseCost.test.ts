import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { entriesRead, planOf, rowsRead, statementsOf } from '../support/plans.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';

const HOSTS = 10;
const by = (limit: number) => ({ owner: 'w', leaseMs: 60_000, now: new Date(), limit });

describe('leasing what is due of a host', () => {
  let test: TestRecords;
  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());
  beforeEach(() => test.knex.raw('truncate archiver.archival cascade'));
  afterEach(() => test.knex.raw('alter table archiver.archival reset (autovacuum_enabled)'));

  /** `urlOf` is an SQL expression over the row's number `i`. */
  async function addDue(from: number, to: number, urlOf = `'http://h' || i % ${HOSTS} || '/' || i`): Promise<void> {
    await test.knex.raw('alter table archiver.archival set (autovacuum_enabled = false)');
    await test.knex.raw('alter table archiver.archival disable trigger user');
    await test.knex.raw(
      `insert into archiver.archival (resource_id, dataset_id, url, host, lane, next_check_at)
       select 'r' || i, 'd', ${urlOf}, 'h' || i % ${HOSTS}, 'bulk', now() - i * interval '1 millisecond'
       from generate_series(cast(? as int), cast(? as int)) as i`,
      [from, to],
    );
    await test.knex.raw('alter table archiver.archival enable trigger user');
  }

  /** Rows and index entries of the table that the lease of one slice reads, used or filtered out, and how many it takes. */
  async function costOfSlice(limit: number): Promise<{ read: number; entries: number; leased: number }> {
    let leased = 0;
    const seen = await statementsOf(test.knex, async () => {
      leased = (await test.records.archivals.leaseDue('h7', by(limit))).length;
    });
    await test.knex.raw(
      'update archiver.archival set lease_until = null, lease_owner = null where lease_until is not null',
    );
    const lease = seen.find(({ sql }) => sql.includes('lease_token')) ?? assert.fail('it leased nothing');
    const plan = await planOf(test.knex, lease);
    return { read: rowsRead(plan, 'archival'), entries: entriesRead(plan), leased };
  }

  for (const { statistics, due, analyzed } of [
    { statistics: 'that nobody analyzed', due: 10_000, analyzed: 0 },
    { statistics: 'with the statistics of a smaller table', due: 10_000, analyzed: 2000 },
    { statistics: 'with fresh statistics', due: 10_000, analyzed: 10_000 },
    { statistics: 'with fresh statistics', due: 100_000, analyzed: 100_000 },
  ]) {
    it(`reads at most three times what it leases of ${due} due rows ${statistics}`, async () => {
      await addDue(1, analyzed);
      if (analyzed > 0) await test.knex.raw('vacuum analyze archiver.archival');
      await addDue(analyzed + 1, due);
      for (const limit of [5, 100]) {
        const { read, entries, leased } = await costOfSlice(limit);
        assert.equal(leased, limit);
        assert.ok(read <= 3 * leased, `${read} rows read for ${leased}`);
        // Each row has three versions by now, and some that were leased before two more, in both indexes.
        assert.ok(entries <= 7 * leased, `${entries} index entries read for ${leased}`);
      }
    });
  }

  it('takes with a resource all that share its URL, also those of which another host is noted, and no more', async () => {
    await addDue(1, 1000, `case when i >= 900 and i % 10 in (7, 8) then 'http://h7/same' else 'http://h/' || i end`);
    const leases = await test.records.archivals.leaseDue('h7', by(1));
    const ids = leases.map(({ resourceId }) => resourceId).sort();
    const same = Array.from({ length: 10 }, (_, ten) => [`r${900 + ten * 10 + 7}`, `r${900 + ten * 10 + 8}`]);
    assert.deepEqual(ids, same.flat());
    assert.deepEqual(await test.records.archivals.leaseDue('h8', by(1000)).then((others) => others.length), 90);
  });
});
