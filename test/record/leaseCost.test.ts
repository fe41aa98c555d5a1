import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Knex } from 'knex';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';

interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

interface Executed {
  readonly sql: string;
  readonly bindings: readonly Knex.RawBinding[];
}

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
    const seen: Executed[] = [];
    const note = ({ sql, bindings }: Executed) => void seen.push({ sql, bindings });
    test.knex.on('query', note);
    const leased = (await test.records.archivals.leaseDue('h7', by(limit))).length;
    test.knex.off('query', note);
    await test.knex.raw(
      'update archiver.archival set lease_until = null, lease_owner = null where lease_until is not null',
    );
    const { sql, bindings } = seen.find((one) => one.sql.includes('lease_token')) ?? assert.fail('it leased nothing');
    const { rows } = await test.knex.raw(`explain (analyze, format json) ${inOrder(sql)}`, [...bindings]);
    const plan = rows[0]['QUERY PLAN'][0].Plan;
    return { read: rowsRead(plan), entries: entriesRead(plan), leased };
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
        assert.ok(entries <= 6 * leased, `${entries} index entries read for ${leased}`);
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

/** `?` as the driver numbers them. */
const inOrder = (sql: string): string => sql.replace(/\$\d+/g, '?');

/** Of its indexes, where their rows are gathered before the table is read. */
function entriesRead(plan: Plan): number {
  const own = plan['Node Type'] === 'Bitmap Index Scan' ? plan['Actual Loops'] * plan['Actual Rows'] : 0;
  return own + (plan.Plans ?? []).reduce((sum, below) => sum + entriesRead(below), 0);
}

function rowsRead(plan: Plan): number {
  const own =
    plan['Relation Name'] === 'archival' && plan['Node Type'] !== 'ModifyTable'
      ? plan['Actual Loops'] *
        (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0))
      : 0;
  return own + (plan.Plans ?? []).reduce((sum, below) => sum + rowsRead(below), 0);
}
