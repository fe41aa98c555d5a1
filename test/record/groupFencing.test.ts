import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { codeOf } from '../../plugin/errors.ts';
import { GroupedRecorder } from '../../plugin/record/archival/groupedRecorder.ts';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

const HOSTS = ['a', 'b', 'c'];
const EACH = 40;

describe('a large group of records of many hosts', () => {
  let test: TestRecords;
  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());

  it('writes nothing for leases that were lost, nor for what the database refuses, and all the others', async () => {
    const { archivals } = test.records;
    const now = new Date();
    const ids = HOSTS.flatMap((host) => Array.from({ length: EACH }, (_, index) => `${host}${index}`));
    const requests = ids.map((id) => requestFor(id, `https://${id.slice(0, 1)}/${id}`));
    await archivals.request(requests, { lane: 'bulk', runId: null, now });
    const shares = HOSTS.map((host) => ({ host, limit: EACH }));
    const leased = await archivals.leaseDueOf(shares, { owner: 'first', leaseMs: 60_000, now });
    const leases = HOSTS.flatMap((host) => leased.get(host) ?? []);
    assert.equal(leases.length, ids.length);

    const lost = ['a1', 'b2', 'c3'];
    await test.knex.raw(
      `update archiver.archival set lease_until = clock_timestamp() - interval '1 hour' where resource_id = any (?)`,
      [lost],
    );
    await archivals.leaseDueOf(shares, { owner: 'second', leaseMs: 60_000, now });

    const recorder = new GroupedRecorder(archivals, { lingerMs: 20 });
    const ended = await Promise.allSettled(
      leases.map((lease) => {
        const reason = lease.resourceId === 'b7' ? 'No text: \u0000' : 'Archived.';
        return recorder.record(outcomeOf(lease, {}, { reason }));
      }),
    );
    const results = new Map(leases.map(({ resourceId }, index) => [resourceId, resultOf(ended[index])]));
    const expected = (id: string) => (lost.includes(id) ? 'lease-lost' : id === 'b7' ? 'data-refused' : 'recorded');
    assert.deepEqual(results, new Map(leases.map(({ resourceId }) => [resourceId, expected(resourceId)])));

    const rows = await test.knex('archiver.archival').whereNotNull('lease_owner').orderBy('resource_id');
    assert.deepEqual(
      rows.map(({ resource_id, lease_owner, code }) => [resource_id, lease_owner, code]),
      [
        ['a1', 'second', null],
        ['b2', 'second', null],
        ['b7', 'first', null],
        ['c3', 'second', null],
      ],
    );
    const { rows: counted } = await test.knex.raw(
      `select count(*)::int from archiver.archival where code = 'archived'`,
    );
    assert.deepEqual(counted, [{ count: ids.length - 4 }]);
  });
});

function resultOf(ended: PromiseSettledResult<{ readonly result: string }> | undefined): string {
  return ended?.status === 'fulfilled' ? ended.value.result : codeOf(ended?.reason);
}
