import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { until } from '../support/until.ts';

const AT = new Date('2026-01-02T03:04:05Z');

describe('the total of a sweep', () => {
  let test: TestRecords;

  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());

  it('counts what is recorded while it is counted once', async () => {
    const { knex, records } = test;
    const now = { lane: 'bulk', runId: null, now: AT } as const;
    await records.archivals.request([requestFor('r1'), requestFor('r2')], now);
    const { run } = await records.runs.create(
      { kind: 'sweep', lane: 'bulk', subjectId: null, datasetId: null, total: null },
      { caller: null, idempotencyKey: null, now: AT },
    );
    const recording = await knex.transaction();
    await recording.raw(
      `update archiver.archival set next_check_at = now() + interval '1 day' where resource_id = 'r1'`,
    );
    await recording.raw('update archiver.run set done = done + 1 where id = ?', [run.id]);
    const counting = records.runs.countSweep(run.id);
    await until(async () => {
      const waiting = await knex('pg_stat_activity')
        .where({ wait_event_type: 'Lock' })
        .whereLike('query', '%archiver%');
      return waiting.length > 0;
    });
    await recording.commit();
    assert.equal(await counting, 2);
  });

  it('is reached also by what was leased before the sweep began, and recorded or advanced after', async () => {
    const { knex, records } = test;
    const now = new Date();
    await records.archivals.request([requestFor('s1'), requestFor('s2')], { lane: 'bulk', runId: null, now });
    await knex('archiver.archival').whereNot('resource_id', 's1').update({ next_check_at: null });
    const [lease] = await records.archivals.leaseDue('data.example', { owner: 'w', leaseMs: 60_000, now, limit: 1 });
    assert.ok(lease);
    assert.equal(lease.sweepId, null);
    const known = { url: requestFor('s2').url };
    const fresh = { broken: false, done_seq: 1, known, key_at: now, next_check_at: now, fresh_until: '2100-01-01' };
    await knex('archiver.archival').where({ resource_id: 's2' }).update(fresh);
    const found = await records.archivals.dueAndFreshOf(['data.example'], { now, limit: 10 });
    const { run } = await records.runs.create(
      { kind: 'sweep', lane: 'bulk', subjectId: null, datasetId: null, total: null },
      { caller: null, idempotencyKey: null, now: new Date() },
    );
    assert.equal(await records.runs.countSweep(run.id), 2);
    const later = new Date('2100-01-01T00:00:00Z');
    const [recorded] = await records.archivals.record([outcomeOf(lease, {}, { nextCheckAt: later })]);
    const advances = (found.get('data.example')?.fresh ?? []).map((one) => ({
      fresh: one,
      datasetId: 'd1',
      freshUntil: later,
      nextCheckAt: later,
    }));
    assert.deepEqual(await records.archivals.advance(advances, { now }), advances);
    assert.deepEqual(recorded?.endedRunIds, []);
    const { state, done, total } = (await records.runs.get(run.id)) ?? {};
    assert.deepEqual({ state, done, total }, { state: 'done', done: 2, total: 2 });
  });
});
