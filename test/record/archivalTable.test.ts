import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isBroken } from '../../plugin/decide/isBroken.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { copyFor, outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { until } from '../support/until.ts';

describe('archivals', () => {
  let test: TestRecords;
  const by = (owner: string, leaseMs = 30_000) => ({ owner, leaseMs, now: new Date() });

  before(async () => {
    test = await testRecords();
  });
  after(() => test.close());
  beforeEach(async () => {
    await test.knex.raw('truncate archiver.archival, archiver.copy, archiver.task_status, archiver.run cascade');
    test.writtenBack.length = 0;
  });

  it('gives a wanted resource to one worker alone', async () => {
    await test.records.archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const leases = await Promise.all(['a', 'b', 'c'].map((owner) => test.records.archivals.lease('r1', by(owner))));
    assert.equal(leases.filter(Boolean).length, 1);
  });

  it('counts as broken what is broken for everybody else', async () => {
    const { archivals } = test.records;
    const states = [false, true, null].flatMap((broken) =>
      [0, 1, 2, 3, 9].map((linkFailureCount) => ({ broken, linkFailureCount })),
    );
    const wanted = new Map<boolean | null, number>();
    for (const [i, state] of states.entries()) {
      const id = `r${i}`;
      await archivals.request([requestFor(id)], { lane: 'priority', runId: null, now: new Date() });
      await archivals.record([
        outcomeOf((await archivals.lease(id, by('a'))) ?? assert.fail(), {}, { code: 'gone', ...state }),
      ]);
      const broken = isBroken((await archivals.get(id)) ?? assert.fail(), 3);
      wanted.set(broken, (wanted.get(broken) ?? 0) + 1);
    }
    const counted = await archivals.countByCode(3);
    assert.deepEqual(new Map(counted.map(({ broken, count }) => [broken, count])), wanted);
    assert.deepEqual([...wanted.values()].sort(), [4, 5, 6]);
  });

  it('gives nothing when nothing is wanted', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.record([outcomeOf(lease)]);
    assert.equal(await archivals.lease('r1', by('a')), null);
  });

  it('writes the copy, the state, task_status and the host’s columns together', async () => {
    const { archivals, copies, taskStatus } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    assert.equal((await taskStatus.get('r1'))?.state, 'pending');
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    assert.equal((await taskStatus.get('r1'))?.state, 'running');
    const copy = copyFor(lease);
    const writeBack = {
      resourceId: 'r1',
      cacheUrl: 'x',
      cacheLastUpdated: new Date(),
      hash: null,
      size: 4,
      mimetype: null,
    };
    const recorded = await archivals.record([outcomeOf(lease, { copy, writeBack })]);
    assert.deepEqual(recorded, [{ resourceId: 'r1', result: 'recorded', wantedAgain: false, endedRunIds: [] }]);
    const newest = await copies.newest('r1');
    const archival = await archivals.get('r1');
    assert.equal(newest?.key, copy.key);
    assert.equal(archival?.copyId, newest?.id);
    assert.equal(archival?.code, 'archived');
    assert.equal((await taskStatus.get('r1'))?.state, 'success');
    assert.deepEqual(test.writtenBack, [writeBack]);
  });

  it('refuses the record of a worker that lost its lease, and hands its key on', async () => {
    const { archivals, copies } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lost = await archivals.lease('r1', by('a', -1));
    assert.ok(lost);
    const taken = await archivals.lease('r1', by('b'));
    assert.ok(taken);
    assert.deepEqual(taken.abandonedKeyAts, [lost.keyAt]);
    assert.ok(taken.keyAt > lost.keyAt);
    assert.ok(taken.token > lost.token);
    const recorded = await archivals.record([outcomeOf(lost, { copy: copyFor(lost) })]);
    assert.equal(recorded[0]?.result, 'lease-lost');
    assert.equal(await copies.newest('r1'), null);
    assert.equal((await archivals.record([outcomeOf(taken)]))[0]?.result, 'recorded');
  });

  it('hands the key of a lost lease on once more when its bytes came late, and to nobody after the record', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lost = (await archivals.lease('r1', by('a', -1))) ?? assert.fail();
    const taken = (await archivals.lease('r1', by('b', -1))) ?? assert.fail();
    assert.equal(await archivals.keepOpen(lost), true);
    assert.equal(await archivals.letGo(lost), 'leased');
    await archivals.record([outcomeOf(taken, { settled: false })]);
    const next = (await archivals.lease('r1', by('c'))) ?? assert.fail();
    assert.deepEqual(next.abandonedKeyAts, [lost.keyAt]);
    await archivals.record([outcomeOf(next)]);
    assert.equal(await archivals.keepOpen(lost), false);
  });

  it('lets the key of a lost lease go after the record of the one that followed, not when that one gave it back', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lost = (await archivals.lease('r1', by('a', -1))) ?? assert.fail();
    const taken = (await archivals.lease('r1', by('b'))) ?? assert.fail();
    assert.equal(await archivals.keepOpen(lost), true);
    await archivals.release([taken]);
    assert.equal(await archivals.letGo(lost), 'open');
    const next = (await archivals.lease('r1', by('c'))) ?? assert.fail();
    assert.deepEqual(next.abandonedKeyAts, [lost.keyAt, taken.keyAt, lost.keyAt]);
    assert.equal(await archivals.keepOpen(lost), true);
    await archivals.record([outcomeOf(next)]);
    assert.equal(await archivals.letGo(lost), 'let-go');
    assert.equal(await archivals.keepOpen(lost), false);
  });

  it('wants one more run when a request comes in while the job runs', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.request([requestFor('r1', 'https://data.example/other.csv')], {
      lane: 'priority',
      runId: null,
      now: new Date(),
    });
    assert.equal((await archivals.record([outcomeOf(lease)]))[0]?.wantedAgain, true);
    const again = await archivals.lease('r1', by('a'));
    assert.equal(again?.archival.url, 'https://data.example/other.csv');
    assert.equal(again?.archival.attempts, 0);
  });

  it('keeps a retry waiting without losing the request or its runs', async () => {
    const { archivals, runs } = test.records;
    const { run } = await runs.create(
      { kind: 'resource', lane: 'priority', subjectId: 'r1', datasetId: 'd1', total: 1 },
      { caller: null, idempotencyKey: null, now: new Date() },
    );
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: run.id, now: new Date() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    assert.equal((await runs.get(run.id))?.state, 'running');
    await archivals.record([outcomeOf(lease, { settled: false }, { code: 'timeout', attempts: 1 })]);
    const retry = await archivals.lease('r1', by('a'));
    assert.equal(retry?.archival.attempts, 1);
    assert.deepEqual(retry?.archival.runIds, [run.id]);
    assert.ok(retry);
    const [last] = await archivals.record([outcomeOf(retry, {}, { code: 'gone' })]);
    assert.deepEqual(last?.endedRunIds, [run.id]);
    const ended = await runs.get(run.id);
    assert.deepEqual([ended?.state, ended?.done, ended?.counts], ['done', 1, { gone: 1 }]);
  });

  it('leases due resources of one host in the bulk lane, the longest due first', async () => {
    const { archivals } = test.records;
    const past = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await archivals.request([requestFor('late')], { lane: 'bulk', runId: null, now: past(1) });
    await archivals.request([requestFor('early')], { lane: 'bulk', runId: null, now: past(9) });
    await archivals.request([requestFor('other', 'https://else.example/x')], {
      lane: 'bulk',
      runId: null,
      now: past(20),
    });
    await archivals.request([requestFor('person')], { lane: 'priority', runId: null, now: past(30) });
    const hosts = await archivals.dueHosts(new Date(), 10);
    assert.deepEqual(
      hosts.map(({ host }) => host),
      ['else.example', 'data.example'],
    );
    const leases = await archivals.leaseDue('data.example', { ...by('a'), limit: 1 });
    assert.deepEqual(
      leases.map(({ resourceId }) => resourceId),
      ['early'],
    );
    const rest = await archivals.leaseDue('data.example', { ...by('b'), limit: 9 });
    assert.deepEqual(
      rest.map(({ resourceId }) => resourceId),
      ['late'],
    );
  });

  it('lifts a waiting bulk row to the priority lane, never the other way round', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'bulk', runId: null, now: new Date() });
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    await archivals.request([requestFor('r1')], { lane: 'bulk', runId: null, now: new Date() });
    assert.equal((await archivals.get('r1'))?.lane, 'priority');
  });

  it('finds priority requests whose job was lost', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date(Date.now() - 60_000) });
    assert.deepEqual(await archivals.lostRequests(new Date(), 30_000, 10), ['r1']);
    assert.deepEqual(await archivals.lostRequests(new Date(), 90_000, 10), []);
  });

  it('renews the leases that are still owned, and tells which', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1'), requestFor('r2')], { lane: 'priority', runId: null, now: new Date() });
    const kept = await archivals.lease('r1', by('a'));
    const lost = await archivals.lease('r2', by('a', -1));
    assert.ok(kept && lost);
    await archivals.lease('r2', by('b'));
    assert.deepEqual([...(await archivals.renew([kept, lost], by('a')))], ['r1']);
  });

  it('gives a resource back to others at once', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.release([lease]);
    const next = await archivals.lease('r1', by('b'));
    assert.deepEqual(next?.abandonedKeyAts, [lease.keyAt]);
  });

  it('needs a new job for a request that came while the record of the one before was being written', async () => {
    let open: () => void = () => undefined;
    let isWriting = false;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const writeBack = () => {
      isWriting = true;
      return gate;
    };
    const slow = createRecords({ knex: test.knex, schema: NAMES.schema, ownsKnex: false, writeBack });
    const { archivals } = test.records;
    const asked = { lane: 'priority', runId: null, now: new Date() } as const;
    await archivals.request([requestFor('r1')], asked);
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    const back = { resourceId: 'r1', cacheUrl: null, cacheLastUpdated: null, hash: null, size: 1, mimetype: null };
    const recorded = slow.archivals.record([outcomeOf(lease, { writeBack: back })]);
    await until(() => isWriting);
    const fresh = archivals.request([requestFor('r1')], asked);
    await until(async () => {
      const { rows } = await test.knex.raw(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return rows.length > 0;
    });
    open();
    assert.equal((await recorded)[0]?.wantedAgain, false);
    assert.deepEqual(await fresh, ['r1']);
  });

  it('drops the request of a cancelled run unless a save wants the same', async () => {
    const { archivals, runs } = test.records;
    const asked = { caller: null, idempotencyKey: null, now: new Date() };
    const { run } = await runs.create({ kind: 'all', lane: 'bulk', subjectId: null, datasetId: null, total: 2 }, asked);
    await archivals.request([requestFor('saved')], { lane: 'priority', runId: null, now: new Date() });
    await archivals.request([requestFor('saved'), requestFor('swept')], {
      lane: 'bulk',
      runId: run.id,
      now: new Date(),
    });
    assert.equal((await runs.cancel(run.id, new Date()))?.state, 'cancelled');
    const [saved, swept] = [await archivals.get('saved'), await archivals.get('swept')];
    assert.ok(saved && swept);
    assert.ok(saved.requestSeq > saved.doneSeq);
    assert.equal(swept.requestSeq, swept.doneSeq);
  });

  it('tells which resources of the catalogue are new or have another URL', async () => {
    const { archivals } = test.records;
    await archivals.request([requestFor('same'), requestFor('moved')], { lane: 'bulk', runId: null, now: new Date() });
    const differing = await archivals.differing([
      { id: 'same', url: 'https://data.example/same.csv' },
      { id: 'moved', url: 'https://data.example/new.csv' },
      { id: 'new', url: 'https://data.example/n.csv' },
    ]);
    assert.deepEqual([...differing].sort(), ['moved', 'new']);
  });

  it('forgets a resource with its task_status and keeps its copies', async () => {
    const { archivals, copies, taskStatus } = test.records;
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now: new Date() });
    const lease = await archivals.lease('r1', by('a'));
    assert.ok(lease);
    await archivals.record([outcomeOf(lease, { copy: copyFor(lease) })]);
    await archivals.forget(['r1']);
    assert.equal(await archivals.get('r1'), null);
    assert.equal(await taskStatus.get('r1'), null);
    assert.equal((await copies.listByResource('r1')).length, 1);
  });
});
