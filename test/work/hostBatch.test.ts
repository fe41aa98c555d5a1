import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_REQUEST } from '../../plugin/decide/fetchCost.ts';
import type { Lease } from '../../plugin/model/archival.ts';
import type { FetchCost } from '../../plugin/model/host.ts';
import { HostBatch, type HostBatchDeps } from '../../plugin/work/hostBatch.ts';
import type { PlaceAhead } from '../../plugin/work/slice/heldPlace.ts';
import { until } from '../support/until.ts';

const LIMITS = {
  requestsPerSecond: 100,
  burst: 100,
  concurrency: 1,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};
const PLACE: PlaceAhead = { begin: async () => true, progressed: () => undefined, leave: () => undefined };
const ANSWERED: FetchCost = { ...NO_REQUEST, requests: 1, host: 'reachable' };

describe("a host's share of a sweep", () => {
  it('asks for the next while the one before is recorded, and gives its slots back before all are', async () => {
    const begun: string[] = [];
    const released: unknown[] = [];
    const record: (() => void)[] = [];
    const batch = new HostBatch(
      depsOf({
        leases: [leaseOf('r1'), leaseOf('r2')],
        archive: ([lease], _signal, onAnswered) => {
          begun.push(lease?.resourceId ?? '');
          onAnswered(ANSWERED);
          return new Promise((resolve) => record.push(() => resolve(ANSWERED)));
        },
        onReleased: (report) => released.push(report),
      }),
    );
    let ended: Date | null | undefined;
    const running = batch.run('data.example', new AbortController().signal).then((at) => {
      ended = at;
    });
    await until(() => released.length === 1);
    assert.deepEqual(begun, ['r1', 'r2']);
    assert.equal(ended, undefined);
    for (const finish of record) finish();
    await running;
    assert.equal(ended, null);
  });

  it('asks for no more while as much is answered as may wait to be recorded', async () => {
    const begun: string[] = [];
    const record: (() => void)[] = [];
    const leases = ['r1', 'r2', 'r3', 'r4'].map(leaseOf);
    const archive: HostBatchDeps['archive'] = ([lease], _signal, onAnswered) => {
      begun.push(lease?.resourceId ?? '');
      onAnswered(ANSWERED);
      return new Promise((resolve) => record.push(() => resolve(ANSWERED)));
    };
    const batch = new HostBatch({ ...depsOf({ leases, archive, onReleased: () => undefined }), mostUnrecorded: 2 });
    const running = batch.run('data.example', new AbortController().signal);
    await until(() => begun.length === 2);
    await new Promise(setImmediate);
    assert.deepEqual(begun, ['r1', 'r2']);
    record[0]?.();
    await until(() => begun.length === 3);
    record[1]?.();
    await until(() => begun.length === 4);
    for (const finish of record) finish();
    await running;
  });

  it('begins nothing that waited for room once its queue closes, and gives it back', async () => {
    const begun: string[] = [];
    const released: string[] = [];
    const record: (() => void)[] = [];
    const archive: HostBatchDeps['archive'] = ([lease], _signal, onAnswered) => {
      begun.push(lease?.resourceId ?? '');
      onAnswered(ANSWERED);
      return new Promise((resolve) => record.push(() => resolve(ANSWERED)));
    };
    const deps = depsOf({ leases: ['r1', 'r2'].map(leaseOf), archive, onReleased: () => undefined });
    const release = async (leases: readonly Lease[]) => void released.push(...leases.map((one) => one.resourceId));
    const batch = new HostBatch({ ...deps, archivals: { ...deps.archivals, release }, mostUnrecorded: 1 });
    const closing = new AbortController();
    const running = batch.run('data.example', new AbortController().signal, closing.signal);
    await until(() => begun.length === 1);
    await new Promise(setImmediate);
    closing.abort();
    record[0]?.();
    await running;
    assert.deepEqual([begun, released], [['r1'], ['r2']]);
  });

  it('comes again soon where what was answered could not be recorded', async () => {
    const now = new Date('2026-01-02T03:04:05Z');
    const batch = new HostBatch(
      depsOf({
        leases: [leaseOf('r1')],
        archive: async (_leases, _signal, onAnswered) => {
          onAnswered(ANSWERED);
          return { ...NO_REQUEST, interrupted: true };
        },
        onReleased: () => undefined,
        now,
      }),
    );
    assert.deepEqual(await batch.run('data.example', new AbortController().signal), new Date(now.getTime() + 5000));
  });
});

describe('a host that its rate holds up for a moment', () => {
  const host = 'data.example';
  const now = new Date('2026-01-02T03:04:05Z');
  const later = (ms: number) => new Date(now.getTime() + ms);
  /** Grants one request after the other, each as soon as it is asked for one. */
  function politely(slices: readonly { readonly leases: readonly Lease[]; readonly retryAt?: Date }[], called: Date[]) {
    const left = [...slices];
    let current = left[0];
    const limits = { ...LIMITS, requestsPerSecond: 20 };
    const deps = depsOf({ leases: [], archive: async () => ANSWERED, onReleased: () => 0 });
    return new HostBatch({
      ...deps,
      mostKept: 1,
      limitsFor: () => limits,
      now: () => now,
      archivals: { ...deps.archivals, leaseDue: async () => current?.leases ?? [] },
      hosts: {
        ...deps.hosts,
        takeSlice: async () => {
          current = left.shift();
          if (current?.retryAt) return { granted: 0, slots: 0, retryAt: current.retryAt, reason: 'rate' };
          return { granted: 1, slots: 1, retryAt: null, reason: 'free' };
        },
      },
      requeue: async (_host, at) => void called.push(at),
    });
  }

  it('is kept until nothing is due, while its job stands far enough away', async () => {
    const called: Date[] = [];
    const batch = politely([{ leases: [leaseOf('r1')] }, { leases: [leaseOf('r2')] }, { leases: [] }], called);
    const { signal } = new AbortController();
    assert.deepEqual(await batch.run(host, signal), later(15_000));
    assert.deepEqual(await batch.run(host, signal), later(15_000));
    await batch.close();
    assert.deepEqual(called, []);
  });

  it('goes back to the queue where more than a moment is to be waited', async () => {
    const called: Date[] = [];
    const retryAt = later(3_600_000);
    const batch = politely([{ leases: [leaseOf('r1')] }, { leases: [], retryAt }], called);
    await batch.run(host, new AbortController().signal);
    await until(() => called.length === 1);
    assert.deepEqual(called, [retryAt]);
  });

  it('takes what its rate brings in half a second while others wait for a place, in a second when it is kept', async () => {
    const asked: unknown[] = [];
    const deps = depsOf({ leases: [leaseOf('r1')], archive: async () => ANSWERED, onReleased: () => undefined });
    const batch = (isCrowded: boolean) =>
      new HostBatch({
        ...deps,
        mostKept: 1,
        places: { ...deps.places, isCrowded },
        hosts: {
          ...deps.hosts,
          takeSlice: async (_host, { shareMs }) => {
            const isFirst = asked.push(shareMs) === 1;
            return {
              granted: isFirst ? 1 : 2,
              slots: 1,
              retryAt: null,
              reason: 'free',
              limits: { ...LIMITS, burst: 5 },
            };
          },
        },
      });
    const crowded = batch(true);
    await crowded.run(host, new AbortController().signal);
    await crowded.close();
    assert.deepEqual(asked, [500, 1000]);
    const alone = batch(false);
    await alone.run(host, new AbortController().signal);
    await alone.close();
    assert.deepEqual(asked, [500, 1000, undefined]);
  });

  it('gives back what it took for a place that does not become free', async () => {
    const told: unknown[] = [];
    const deps = depsOf({
      leases: [leaseOf('r1')],
      archive: async () => ANSWERED,
      onReleased: (report) => told.push(report),
      now,
    });
    const enterAhead = async () => ({ ...PLACE, begin: async () => false });
    const batch = new HostBatch({
      ...deps,
      archivals: {
        ...deps.archivals,
        release: async (leases) => void told.push(leases.map(({ resourceId }) => resourceId)),
      },
      places: { ...deps.places, enterAhead },
    });
    assert.deepEqual(await batch.run(host, new AbortController().signal), later(5000));
    const [released, report] = told;
    assert.deepEqual(released, ['r1']);
    assert.equal((report as { unused: number }).unused, 100);
  });

  it('leaves its job once it has begun and its place once it has answered, and is not asked again before that is recorded', async () => {
    const left: string[] = [];
    let record = () => {};
    const deps = depsOf({
      leases: [leaseOf('r1')],
      archive: (_leases, _signal, onAnswered) => {
        onAnswered(ANSWERED);
        return new Promise((resolve) => {
          record = () => resolve(ANSWERED);
        });
      },
      onReleased: () => left.push('slots'),
      now,
    });
    const enterAhead = async () => ({ ...PLACE, leave: () => void left.push('place') });
    const takeSlice = async () => ({ granted: 50, slots: 1, retryAt: null, reason: 'free' as const });
    const batch = new HostBatch({
      ...deps,
      mostKept: 1,
      places: { ...deps.places, enterAhead },
      hosts: { ...deps.hosts, takeSlice },
    });
    const { signal } = new AbortController();
    assert.deepEqual(await batch.run(host, signal), later(15_000));
    await until(() => left.length === 2);
    assert.deepEqual(left, ['place', 'slots']);
    assert.deepEqual(await batch.run(host, signal), later(15_000));
    record();
    await batch.close();
  });

  it('is left to its job where the queue closes', async () => {
    const called: Date[] = [];
    const closing = new AbortController();
    const batch = politely([{ leases: [leaseOf('r1')] }, { leases: [leaseOf('r2')] }], called);
    await batch.run(host, new AbortController().signal, closing.signal);
    closing.abort();
    await batch.close();
    assert.deepEqual(called, []);
  });
});

interface Given {
  readonly leases: readonly Lease[];
  readonly archive: HostBatchDeps['archive'];
  onReleased(report: unknown): void;
  readonly now?: Date;
}

function depsOf({ leases, archive, onReleased, now = new Date() }: Given): HostBatchDeps {
  return {
    archivals: {
      leaseDue: async () => leases,
      release: async () => undefined,
      nextRetryAt: async () => null,
      explainDue: async () => undefined,
    },
    hosts: {
      takeSlice: async () => ({ granted: 100, slots: 1, retryAt: null, reason: 'free' }),
      renewSlots: async () => undefined,
      slowSlots: async () => undefined,
      connected: async () => ({ kind: 'entered' }),
      releaseSlots: async (_host, report) => onReleased(report),
    },
    places: {
      enterAhead: async () => PLACE,
      isCrowded: false,
      learn: () => undefined,
      patienceOf: (ms) => ms,
    },
    fresh: { advance: async () => true, leased: () => 0 },
    limitsFor: () => LIMITS,
    archive,
    pause: async () => null,
    owner: 'a',
    leaseMs: 30_000,
    largestSlice: 100,
    patienceMs: 3_600_000,
    mostKept: 0,
    mostUnrecorded: 1000,
    readAhead: () => undefined,
    requeue: async () => undefined,
    onFreed: () => undefined,
    now: () => now,
    logger: { warn: () => undefined },
  };
}

function leaseOf(resourceId: string): Lease {
  const at = new Date('2026-01-02T03:04:05Z');
  const url = `https://data.example/${resourceId}.csv`;
  return {
    archival: {
      resourceId,
      datasetId: 'd1',
      url,
      host: 'data.example',
      code: null,
      reason: null,
      broken: null,
      attempts: 0,
      failureCount: 0,
      linkFailureCount: 0,
      firstFailureAt: null,
      lastSuccessAt: null,
      checkedAt: null,
      nextCheckAt: at,
      freshUntil: null,
      unchangedCount: 0,
      changedCount: 0,
      known: null,
      finalUrl: null,
      moved: false,
      copyId: null,
      confirmed: null,
      lane: 'bulk',
      requestSeq: 1,
      doneSeq: 0,
      runIds: [],
    },
    resourceId,
    owner: 'a',
    token: 1,
    requestSeq: 1,
    keyAt: at,
    abandonedKeyAts: [],
    requested: false,
  };
}
