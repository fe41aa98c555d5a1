import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

describe('the backlog', () => {
  let test: TestRecords;

  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());

  it('counts what is due in both lanes, what is leased, and knows the oldest and the newest', async () => {
    const { archivals } = test.records;
    const now = new Date();
    const earlier = new Date(now.getTime() - 60_000);
    assert.deepEqual(await archivals.backlog(now), { due: 0, oldestDueAt: null, leased: 0, lastSuccessAt: null });
    await archivals.request([requestFor('r1'), requestFor('r2', 'https://other.example/2.csv')], {
      lane: 'bulk',
      runId: null,
      now: earlier,
    });
    await archivals.request([requestFor('r3')], { lane: 'priority', runId: null, now });
    await archivals.request([requestFor('r4')], { lane: 'priority', runId: null, now });
    const by = { owner: 'a', leaseMs: 30_000, now };
    assert.ok(await archivals.lease('r3', by));
    const lease = await archivals.lease('r4', by);
    assert.ok(lease);
    const later = new Date(now.getTime() + 60_000);
    await archivals.record([outcomeOf(lease, {}, { checkedAt: now, nextCheckAt: later })]);
    assert.deepEqual(await archivals.backlog(now), { due: 3, oldestDueAt: earlier, leased: 1, lastSuccessAt: now });
  });
});
