import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Lease } from '../../plugin/model/archival.ts';
import type { Known } from '../../plugin/model/attempt.ts';
import type { ArchivalRecord, FreshAdvance, FreshResource } from '../../plugin/record/Archivals.ts';
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
      'truncate archiver.archival, archiver.copy, archiver.task_status, archiver.run, archiver.counter, archiver.event, archiver.webhook_delivery cascade',
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

  async function look() {
    const found = await test.records.archivals.dueAndFreshOf([HOST], { now: AT, limit: 10 });
    return found.get(HOST) ?? { due: 0, fresh: [] };
  }

  const stillFresh = (fresh: FreshResource): FreshAdvance => ({
    fresh,
    datasetId: 'd2',
    freshUntil: LATER,
    nextCheckAt: LATER,
  });

  const sweep = (now: Date) =>
    test.records.runs.create(
      { kind: 'sweep', lane: 'bulk', subjectId: null, datasetId: null, total: 2 },
      { caller: null, idempotencyKey: null, now },
    );

  it('is advanced with its status, its runs and what is counted, without a lease', async () => {
    await archived(['r1', 'r2']);
    const { run } = await sweep(AT);
    const { due, fresh } = await look();
    assert.deepEqual([due, fresh.map(({ resourceId }) => resourceId).sort()], [2, ['r1', 'r2']]);
    const before = await test.knex('archiver.archival').orderBy('resource_id').select('lease_token', 'key_at', 'known');
    const advances = fresh.map(stillFresh);
    assert.deepEqual(await test.records.archivals.advance(advances, { now: AT }), advances);
    const after = await test.knex('archiver.archival').orderBy('resource_id').select('lease_token', 'key_at', 'known');
    assert.deepEqual(after, before);
    const archival = await test.records.archivals.get('r1');
    assert.deepEqual(
      [archival?.datasetId, archival?.code, archival?.unchangedCount, archival?.nextCheckAt, archival?.checkedAt],
      ['d2', 'still-fresh', 1, LATER, AT],
    );
    assert.deepEqual(
      [archival?.freshUntil, archival?.confirmed?.at, archival?.lastSuccessAt, archival?.runIds],
      [LATER, AT.toISOString(), AT, []],
    );
    const { state, value = '', error, lastUpdated } = (await test.records.taskStatus.get('r1')) ?? {};
    assert.deepEqual({ state, error, lastUpdated }, { state: 'success', error: '', lastUpdated: AT });
    assert.deepEqual(
      [JSON.parse(value).code, JSON.parse(value).runId, JSON.parse(value).lastAttempt.at],
      ['still-fresh', run.id, AT.toISOString()],
    );
    const ended = await test.records.runs.get(run.id);
    assert.deepEqual([ended?.state, ended?.counts], ['done', { 'still-fresh': 2 }]);
    const counted = (await test.records.histories.counters()).find(({ labels }) => labels['code'] === 'still-fresh');
    assert.deepEqual([counted?.name, counted?.value], ['archiver_archivals_total', 2]);
    assert.deepEqual(await look(), { due: 0, fresh: [] });
  });

  it('belongs each to the sweep that found it, or to the one that began since', async () => {
    await archived(['r1', 'r2']);
    const first = (await sweep(AT)).run.id;
    await test.knex('archiver.archival').update({ fresh_until: '2026-02-01T00:00:00Z' });
    await test.knex('archiver.archival').where({ resource_id: 'r2' }).update({ next_check_at: LATER });
    const looked = await test.records.archivals.dueAndFreshOf([HOST], { now: LATER, limit: 10 });
    const { fresh = [] } = looked.get(HOST) ?? {};
    const found = fresh.map(({ resourceId, sweepId }) => [resourceId, sweepId]);
    assert.deepEqual(Object.fromEntries(found), { r1: first, r2: null });
    const second = (await sweep(LATER)).run.id;
    assert.equal((await test.records.archivals.advance(fresh.map(stillFresh), { now: LATER })).length, 2);
    const counts = await Promise.all([first, second].map(async (id) => (await test.records.runs.get(id))?.counts));
    assert.deepEqual(counts, [{ 'still-fresh': 1 }, { 'still-fresh': 1 }]);
  });

  it('has a status also where none was left', async () => {
    await archived(['r1', 'r2']);
    await test.knex('archiver.task_status').where({ entity_id: 'r1' }).delete();
    const { fresh } = await look();
    await test.records.archivals.advance(fresh.map(stillFresh), { now: AT });
    const [made, kept] = await Promise.all(['r1', 'r2'].map((id) => test.records.taskStatus.get(id)));
    assert.equal(made?.state, 'success');
    assert.equal(made?.value, kept?.value);
  });

  it('is told to receivers in the same transaction, where it was advanced', async () => {
    await archived(['r1', 'r2']);
    const { fresh } = await look();
    await test.records.archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: AT });
    const deliveriesOf = (some: readonly FreshAdvance[]) =>
      some.map(({ fresh: { resourceId: id } }) => ({
        id,
        eventId: id,
        target: 'https://receiver.example/',
        body: '{}',
      }));
    await test.records.archivals.advance(fresh.map(stillFresh), { now: AT, deliveriesOf });
    assert.deepEqual(await test.knex('archiver.webhook_delivery').pluck('id'), ['r2']);
    const refused = () => {
      throw new Error('no message can be made');
    };
    await archived(['r3']);
    const { fresh: more } = await look();
    await assert.rejects(test.records.archivals.advance(more.map(stillFresh), { now: AT, deliveriesOf: refused }));
    assert.equal((await test.records.archivals.get('r3'))?.code, 'archived');
  });

  it('is left as it is where somebody took it, wanted it or advanced it meanwhile', async () => {
    await archived(['advanced', 'leased', 'left', 'wanted']);
    const { archivals } = test.records;
    const { fresh } = await look();
    const advances = fresh.map(stillFresh);
    await archivals.advance(
      advances.filter((one) => one.fresh.resourceId === 'advanced'),
      { now: AT },
    );
    await archivals.request([requestFor('wanted')], { lane: 'priority', runId: null, now: AT });
    await test.knex.raw(`update archiver.archival set next_check_at = ? where resource_id = 'left'`, [LATER]);
    const [leased] = await archivals.leaseDue(HOST, { ...BY, limit: 10 });
    assert.equal(leased?.resourceId, 'leased');
    assert.deepEqual(await archivals.advance(advances, { now: AT }), []);
    await archivals.release([leased]);
    assert.deepEqual(await archivals.advance(advances, { now: AT }), []);
    assert.deepEqual(
      (await archivals.getMany(['leased', 'left', 'wanted'])).map(({ code }) => code),
      ['archived', 'archived', 'archived'],
    );
  });

  it('is not what failed, is being retried, is in a run, has another URL than its copy, or is no longer fresh', async () => {
    const ids = ['counted', 'failed', 'fresh', 'moved', 'retried', 'stale'];
    await archived(ids);
    const set = (id: string, change: string) =>
      test.knex.raw(`update archiver.archival set ${change} where resource_id = '${id}'`);
    await set('counted', `run_ids = '{run}'`);
    await set('failed', 'failure_count = 1');
    await set('moved', `url = 'https://data.example/other.csv'`);
    await set('retried', 'retrying = true');
    await set('stale', `fresh_until = '2026-01-02T03:04:04Z'`);
    const { due, fresh } = await look();
    assert.deepEqual([due, fresh.map(({ resourceId }) => resourceId)], [6, ['fresh']]);
  });
});
