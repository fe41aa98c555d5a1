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

  it('is counted once for all who ask for the same moment together, and anew for who asks after', async () => {
    const { archivals } = test.records;
    const counted: string[] = [];
    const count = ({ sql }: { readonly sql: string }) => sql.includes('recursive front') && counted.push(sql);
    test.knex.on('query', count);
    const now = new Date();
    const later = new Date(now.getTime() + 3_600_000);
    const [one, same, other] = await Promise.all([now, now, later].map((at) => archivals.backlog(at)));
    assert.deepEqual([one?.due, same?.due, other?.due, counted.length], [3, 3, 4, 2]);
    await archivals.backlog(now);
    assert.equal(counted.length, 3);
  });
});
