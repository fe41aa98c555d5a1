import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import type { ArchivalRecord, Recorded } from '../../plugin/record/Archivals.ts';
import { GroupedRecorder } from '../../plugin/record/archival/groupedRecorder.ts';
import { createRecords } from '../../plugin/record/openRecords.ts';
import type { Records } from '../../plugin/record/Records.ts';
import { NAMES } from '../support/migratedDatabase.ts';
import { outcomeOf, requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { until } from '../support/until.ts';

describe('the grouped recorder', () => {
  let test: TestRecords;
  let records: Records;

  before(async () => {
    test = await testRecords();
    records = createRecords({
      knex: test.knex,
      schema: NAMES.schema,
      ownsKnex: false,
      // A host whose column takes no cache_url of r2.
      writeBack: async (changes, transaction) => {
        for (const { resourceId } of changes) await transaction.raw('select 1 / ?', [resourceId === 'r2' ? 0 : 1]);
      },
    });
  });
  after(() => test.close());
  beforeEach(() =>
    test.knex.raw('truncate archiver.archival, archiver.copy, archiver.task_status, archiver.run cascade'),
  );

  async function outcomes(ids: readonly string[]): Promise<ArchivalRecord[]> {
    const now = new Date();
    await records.archivals.request(
      ids.map((id) => requestFor(id)),
      { lane: 'priority', runId: null, now },
    );
    const made: ArchivalRecord[] = [];
    for (const resourceId of ids) {
      const lease = await records.archivals.lease(resourceId, { owner: 'a', leaseMs: 30_000, now });
      assert.ok(lease);
      const writeBack = { resourceId, cacheUrl: 'x', cacheLastUpdated: now, hash: null, size: 1, mimetype: null };
      made.push(outcomeOf(lease, { writeBack }));
    }
    return made;
  }

  it('loses only the outcome that the host refuses, not its group', async () => {
    const recorder = new GroupedRecorder(records.archivals);
    const results = await Promise.allSettled(
      (await outcomes(['r1', 'r2', 'r3'])).map((outcome) => recorder.record(outcome)),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const states = await Promise.all(['r1', 'r2', 'r3'].map((id) => records.archivals.get(id)));
    assert.deepEqual(
      states.map((archival) => archival?.code ?? null),
      ['archived', null, 'archived'],
    );
  });

  it('does not ask a database that is away once for each outcome', async () => {
    let asked = 0;
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const recorder = new GroupedRecorder({
      record: async () => {
        asked += 1;
        throw new ArchiverError('database-failed', 'away', { cause: away });
      },
    });
    const results = await Promise.allSettled(
      (await outcomes(['r1', 'r2', 'r3'])).map((outcome) => recorder.record(outcome)),
    );
    assert.ok(results.every(({ status }) => status === 'rejected'));
    assert.equal(asked, 1);
  });

  it('lets what nobody asked for wait for more, and takes it along with what somebody did', async () => {
    const [one, two, asked] = await outcomes(['r1', 'r2', 'r3']);
    assert.ok(one && two && asked);
    const groups: number[] = [];
    const recorder = new GroupedRecorder(
      {
        record: async (group) => {
          groups.push(group.length);
          return group.map(({ lease: { resourceId } }) => recordedOf(resourceId));
        },
      },
      { lingerMs: 3_600_000 },
    );
    const waiting = [swept(one), swept(two)].map((outcome) => recorder.record(outcome));
    await new Promise(setImmediate);
    assert.deepEqual(groups, []);
    await recorder.record(asked);
    await Promise.all(waiting);
    assert.deepEqual(groups, [3]);
  });

  const swept = (outcome: ArchivalRecord): ArchivalRecord => {
    const { lease } = outcome;
    return { ...outcome, lease: { ...lease, archival: { ...lease.archival, lane: 'bulk' } } };
  };

  it('writes so many groups at a time, and what was asked for beside them by itself', async () => {
    const made = await outcomes(['r1', 'r2', 'r3', 'r4', 'asked']);
    const begun: string[][] = [];
    const write: (() => void)[] = [];
    const recorder = new GroupedRecorder(
      {
        record: async (group) => {
          const ids = group.map(({ lease: { resourceId } }) => resourceId);
          begun.push(ids);
          await new Promise<void>((resolve) => write.push(resolve));
          return ids.map(recordedOf);
        },
      },
      { atATime: 2 },
    );
    const waiting: Promise<Recorded>[] = [];
    for (const outcome of made) {
      const isAsked = outcome.lease.resourceId === 'asked';
      waiting.push(recorder.record(isAsked ? outcome : swept(outcome)));
      if (begun.length < 2) await until(() => begun.length === waiting.length);
    }
    await until(() => begun.length === 3);
    assert.deepEqual(begun, [['r1'], ['r2'], ['asked']]);
    write[0]?.();
    await waiting[0];
    await until(() => begun.length === 4);
    assert.deepEqual(begun.at(-1), ['r3', 'r4']);
    for (const finish of write) finish();
    await Promise.all(waiting);
  });

  it('writes a full group although nobody asked for it', async () => {
    const [one] = await outcomes(['r1']);
    assert.ok(one);
    const groups: number[] = [];
    const recorder = new GroupedRecorder(
      {
        record: async (group) => {
          groups.push(group.length);
          return group.map(({ lease: { resourceId } }) => recordedOf(resourceId));
        },
      },
      { lingerMs: 3_600_000 },
    );
    const many = Array.from({ length: 200 }, (_, index) => {
      const archival = { ...one.lease.archival, lane: 'bulk' } as const;
      return recorder.record({ ...one, lease: { ...one.lease, archival, resourceId: `s${index}` } });
    });
    await Promise.all(many);
    assert.deepEqual(groups, [200]);
  });
});

function recordedOf(resourceId: string): Recorded {
  return { resourceId, result: 'recorded', wantedAgain: false, endedRunIds: [] };
}
