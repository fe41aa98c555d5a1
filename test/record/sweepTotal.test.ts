import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';
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
});
