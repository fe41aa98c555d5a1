import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Lease } from '../../plugin/model/archival.ts';
import { requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { until } from '../support/until.ts';

const WAITING = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;

describe('what is done with many leases together', () => {
  let test: TestRecords;
  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());
  beforeEach(() => test.knex.raw('truncate archiver.archival cascade'));

  async function lease(resourceId: string): Promise<Lease> {
    const { archivals } = test.records;
    const now = new Date();
    await archivals.request([requestFor(resourceId)], { lane: 'priority', runId: null, now });
    return (await archivals.lease(resourceId, { owner: 'a', leaseMs: 60_000, now })) ?? assert.fail('not leased');
  }

  const uses = {
    renewing: (leases: readonly Lease[]) => test.records.archivals.renew(leases, { leaseMs: 60_000, now: new Date() }),
    'giving back': (leases: readonly Lease[]) => test.records.archivals.release(leases),
  };
  for (const [name, use] of Object.entries(uses)) {
    it(`${name}: locks them in the order in which records do, so that neither waits for the other in a circle`, async () => {
      const [first, second] = [await lease('r1'), await lease('r2')];
      const lock = 'select from archiver.archival where resource_id = ? for update nowait';
      let used: Promise<unknown> | undefined;
      await test.knex.transaction(async (recording) => {
        await recording.raw(lock, ['r1']);
        used = use([second, first]);
        await until(async () => (await test.knex.raw(WAITING)).rows.length === 1);
        await recording.raw(lock, ['r2']);
      });
      await used;
    });
  }

  it('gives back no resource that was recorded meanwhile', async () => {
    const given = await lease('r1');
    const at = new Date('2030-01-02T03:04:05Z');
    await test.knex('archiver.archival').update({ lease_owner: null, lease_until: null, next_check_at: at });
    await test.records.archivals.release([given]);
    assert.deepEqual((await test.records.archivals.get('r1'))?.nextCheckAt, at);
  });
});
