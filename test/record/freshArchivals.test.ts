import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Lease } from '../../plugin/model/archival.ts';
import type { Known } from '../../plugin/model/attempt.ts';
import type { ArchivalRecord } from '../../plugin/record/Archivals.ts';
import { copyFor, outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

const HOST = 'data.example';
const AT = new Date('2026-01-02T03:04:05Z');
const LATER = new Date('2026-01-03T03:04:05Z');
const BY = { owner: 'a', leaseMs: 30_000, now: AT };

describe('what is still fresh', () => {
  let test: TestRecords;

  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());
  beforeEach(() =>
    test.knex.raw(
      'truncate archiver.archival, archiver.copy, archiver.task_status, archiver.run, archiver.counter, archiver.event cascade',
    ),
  );

  /** Archived by a sweep, due again and fresh for a day. */
  async function archived(ids: readonly string[]): Promise<void> {
    const { archivals } = test.records;
    await archivals.request(
      ids.map((id) => requestFor(id)),
      { lane: 'bulk', runId: null, now: AT },
    );
    const leases = await archivals.leaseDue(HOST, { ...BY, limit: 100 });
    await archivals.record(leases.map(archivedOutcome));
    await test.knex.raw('update archiver.archival set next_check_at = ?', [AT]);
  }

  function archivedOutcome(lease: Lease): ArchivalRecord {
    const bytes = { bytes: 1, md5: '0'.repeat(32), sha256: '0'.repeat(64) };
    const { url } = lease.archival;
    const known: Known = { url, storedAt: AT.toISOString(), status: 200, headers: {}, ...bytes, ok: true };
    const copy = copyFor(lease);
    return outcomeOf(lease, { copy }, { known, freshUntil: LATER, nextCheckAt: AT });
  }

  const look = () => test.records.archivals.dueAndFresh(HOST, { now: AT, limit: 10 });

  const stillFresh = (lease: Lease): ArchivalRecord =>
    outcomeOf(
      lease,
      { taskStatus: { entityId: lease.resourceId, state: 'success', value: '{"n":1}', error: '', lastUpdated: AT } },
      {
        code: 'still-fresh',
        reason: 'Fresh.',
        checkedAt: AT,
        nextCheckAt: LATER,
        freshUntil: LATER,
        unchangedCount: 1,
      },
    );

  it('is advanced with its status, its runs and what is counted, without a lease', async () => {
    await archived(['r1', 'r2']);
    const { run } = await test.records.runs.create(
      { kind: 'sweep', lane: 'bulk', subjectId: null, datasetId: null, total: 2 },
      { caller: null, idempotencyKey: null, now: AT },
    );
    const { due, fresh } = await look();
    assert.deepEqual([due, fresh.map(({ resourceId }) => resourceId).sort()], [2, ['r1', 'r2']]);
    const before = await test.knex('archiver.archival').orderBy('resource_id').select('lease_token', 'key_at', 'known');
    const advanced = await test.records.archivals.advance(fresh.map(stillFresh), AT);
    assert.deepEqual(advanced.map(({ resourceId, result }) => `${resourceId} ${result}`).sort(), [
      'r1 recorded',
      'r2 recorded',
    ]);
    const after = await test.knex('archiver.archival').orderBy('resource_id').select('lease_token', 'key_at', 'known');
    assert.deepEqual(after, before);
    const archival = await test.records.archivals.get('r1');
    assert.deepEqual(
      [archival?.code, archival?.unchangedCount, archival?.nextCheckAt, archival?.checkedAt, archival?.runIds],
      ['still-fresh', 1, LATER, AT, []],
    );
    assert.equal((await test.records.taskStatus.get('r1'))?.value, '{"n":1}');
    const ended = await test.records.runs.get(run.id);
    assert.deepEqual([ended?.state, ended?.counts], ['done', { 'still-fresh': 2 }]);
    const counted = (await test.records.histories.counters()).find(({ labels }) => labels['code'] === 'still-fresh');
    assert.deepEqual([counted?.name, counted?.value], ['archiver_archivals_total', 2]);
    assert.deepEqual(await look(), { due: 0, fresh: [] });
  });

  it('is left as it is where somebody took it, wanted it or advanced it meanwhile', async () => {
    await archived(['advanced', 'leased', 'left', 'wanted']);
    const { archivals } = test.records;
    const { fresh } = await look();
    const outcomes = fresh.map(stillFresh);
    await archivals.advance(
      outcomes.filter(({ lease }) => lease.resourceId === 'advanced'),
      AT,
    );
    await archivals.request([requestFor('wanted')], { lane: 'priority', runId: null, now: AT });
    await test.knex.raw(`update archiver.archival set next_check_at = ? where resource_id = 'left'`, [LATER]);
    const [leased] = await archivals.leaseDue(HOST, { ...BY, limit: 10 });
    assert.equal(leased?.resourceId, 'leased');
    assert.deepEqual(await archivals.advance(outcomes, AT), []);
    await archivals.release([leased]);
    assert.deepEqual(await archivals.advance(outcomes, AT), []);
    assert.deepEqual(
      (await archivals.getMany(['leased', 'left', 'wanted'])).map(({ code }) => code),
      ['archived', 'archived', 'archived'],
    );
  });

  it('is not what failed, is being retried, has another URL than its copy, or is no longer fresh', async () => {
    const ids = ['failed', 'fresh', 'moved', 'retried', 'stale'];
    await archived(ids);
    const set = (id: string, change: string) =>
      test.knex.raw(`update archiver.archival set ${change} where resource_id = '${id}'`);
    await set('failed', 'failure_count = 1');
    await set('moved', `url = 'https://data.example/other.csv'`);
    await set('retried', 'retrying = true');
    await set('stale', `fresh_until = '2026-01-02T03:04:04Z'`);
    const { due, fresh } = await look();
    assert.deepEqual([due, fresh.map(({ resourceId }) => resourceId)], [5, ['fresh']]);
  });
});
