import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

describe('runs', () => {
  let test: TestRecords;
  const now = () => new Date();
  const by = (owner: string) => ({ owner, leaseMs: 30_000, now: now() });

  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());
  beforeEach(() => test.knex.raw('truncate archiver.archival, archiver.task_status, archiver.run cascade'));

  async function datasetRun(ids: readonly string[], lane: 'priority' | 'bulk' = 'priority'): Promise<string> {
    const { runs, archivals } = test.records;
    const asked = { caller: null, idempotencyKey: null, now: now() };
    const { run } = await runs.create(
      { kind: 'dataset', lane, subjectId: 'd1', datasetId: 'd1', total: ids.length },
      asked,
    );
    await archivals.request(
      ids.map((id) => requestFor(id)),
      { lane, runId: run.id, now: now() },
    );
    return run.id;
  }

  it('archives nothing of a cancelled run that had not begun', async () => {
    const { archivals, runs, taskStatus } = test.records;
    const runId = await datasetRun(['begun', 'waiting']);
    const begun = await archivals.lease('begun', by('a'));
    assert.ok(begun);
    await runs.cancel(runId, now());
    assert.equal(await archivals.lease('waiting', by('a')), null);
    assert.deepEqual(await archivals.lostRequests(new Date(Date.now() + 60_000), 0, 10), []);
    assert.deepEqual(await archivals.leaseDue('data.example', { ...by('a'), limit: 10 }), []);
    assert.equal(await taskStatus.get('waiting'), null);
    assert.equal((await archivals.record([outcomeOf(begun)]))[0]?.result, 'recorded');
    assert.equal((await runs.get(runId))?.state, 'cancelled');
  });

  it('still archives what a save or another run wants beside a cancelled run', async () => {
    const { archivals, runs } = test.records;
    const cancelled = await datasetRun(['saved', 'both']);
    const other = await datasetRun(['both']);
    await archivals.request([requestFor('saved')], { lane: 'priority', runId: null, now: now() });
    await runs.cancel(cancelled, now());
    assert.ok(await archivals.lease('saved', by('a')));
    const both = await archivals.lease('both', by('a'));
    assert.deepEqual(both?.archival.runIds, [other]);
  });

  it('says again how the last archival ended when a run is cancelled', async () => {
    const { archivals, runs, taskStatus } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: now() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.record([outcomeOf(lease, {}, { code: 'gone', reason: 'It is gone.', broken: true })]);
    const runId = await datasetRun(['r1']);
    assert.equal((await taskStatus.get('r1'))?.state, 'pending');
    await runs.cancel(runId, now());
    const status = await taskStatus.get('r1');
    assert.deepEqual([status?.state, status?.error], ['failure', 'It is gone.']);
    const { lastAttempt, ...told } = JSON.parse(status?.value ?? '');
    assert.deepEqual(told, {
      code: 'gone',
      status: 'Download error',
      reason: 'It is gone.',
      attempts: 0,
      runId: null,
      is_broken: null,
    });
    assert.equal(lastAttempt.code, 'gone');
  });

  it('says again what was confirmed, where the last attempt is not', async () => {
    const { archivals, runs, taskStatus } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: now() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    const confirmed = { code: 'archived', reason: 'It is kept.', broken: false, at: now().toISOString() } as const;
    const gone = { code: 'gone', reason: 'It is gone.', broken: true, linkFailureCount: 1, confirmed } as const;
    await archivals.record([outcomeOf(lease, {}, gone)]);
    assert.deepEqual((await archivals.get('r1'))?.confirmed, confirmed);
    await runs.cancel(await datasetRun(['r1']), now());
    const status = await taskStatus.get('r1');
    const { lastAttempt, ...told } = JSON.parse(status?.value ?? '');
    assert.deepEqual([status?.state, status?.error], ['success', '']);
    assert.deepEqual([told.code, told.reason, told.is_broken], ['archived', 'It is kept.', null]);
    assert.deepEqual(
      [lastAttempt.code, lastAttempt.status, lastAttempt.reason, lastAttempt.broken],
      ['gone', 'Download error', 'It is gone.', true],
    );
  });

  it('tells the end of a run once, however many of its resources end together', async () => {
    const { archivals } = test.records;
    const runId = await datasetRun(['r1', 'r2']);
    const leases = await Promise.all(['r1', 'r2'].map((id) => archivals.lease(id, by('a'))));
    const recorded = await archivals.record(leases.flatMap((lease) => (lease ? [outcomeOf(lease)] : [])));
    assert.deepEqual(
      recorded.flatMap(({ endedRunIds }) => endedRunIds),
      [runId],
    );
  });

  it('notes a run together with what it asks for, or neither', async () => {
    const { archivals, runs } = test.records;
    const subject = { kind: 'dataset', lane: 'priority', subjectId: 'd1', datasetId: 'd1', total: 2 } as const;
    const asked = { caller: 'somebody', idempotencyKey: 'once', now: now() };
    // The same resource twice is more than one statement can write.
    await assert.rejects(runs.create(subject, asked, [requestFor('r1'), requestFor('r1')]), {
      code: 'database-failed',
    });
    assert.deepEqual([await runs.list(10), await archivals.get('r1')], [[], null]);
    const created = await runs.create(subject, asked, [requestFor('r1'), requestFor('r2')]);
    assert.deepEqual([created.result, [...created.unqueued].sort()], ['created', ['r1', 'r2']]);
    assert.deepEqual((await archivals.get('r2'))?.runIds, [created.run.id]);
    const again = await runs.create(subject, asked, [requestFor('r1'), requestFor('r2')]);
    assert.deepEqual([again.result, again.run.id, again.unqueued], ['repeated', created.run.id, []]);
    assert.equal((await archivals.get('r1'))?.requestSeq, 1);
  });

  it('ends a run over everything whose process died while it was counting', async () => {
    const { archivals, runs } = test.records;
    const started = new Date(Date.now() - 3600_000);
    const all = { kind: 'all', lane: 'bulk', subjectId: null, datasetId: null, total: null } as const;
    const asked = { caller: null, idempotencyKey: null, now: started };
    const [empty, partly] = [await runs.create(all, asked), await runs.create(all, asked)];
    await archivals.request([requestFor('r1')], { lane: 'bulk', runId: partly.run.id, now: started });
    await runs.countAbandoned(new Date(started.getTime() - 1), now());
    assert.equal((await runs.get(empty.run.id))?.state, 'queued');
    await runs.countAbandoned(now(), now());
    assert.deepEqual(
      [await runs.get(empty.run.id), await runs.get(partly.run.id)].map((run) => [run?.state, run?.total]),
      [
        ['done', 0],
        ['queued', 1],
      ],
    );
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.record([outcomeOf(lease)]);
    assert.equal((await runs.get(partly.run.id))?.state, 'done');
  });
});
