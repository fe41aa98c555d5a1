import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FetchCost, HostLimits } from '../../plugin/model/host.ts';
import { HostQueue, type HostQueueDeps } from '../../plugin/work/hostQueue.ts';
import { HostSpeeds } from '../../plugin/work/hostSpeeds.ts';
import { LanePlaces } from '../../plugin/work/lanePlaces.ts';
import { SitedHosts } from '../../plugin/work/sitedHosts.ts';
import type { LaneEntry } from '../../plugin/work/slice/heldPlace.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { SILENT } from '../support/testPortal.ts';
import { gate } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const HOST = 'data.example';
const ASKED: FetchCost = { requests: 1, bytes: 10, ms: 5, retryAfterMs: null, host: 'reachable', interrupted: false };
const LIMITS: HostLimits = {
  requestsPerSecond: 1,
  burst: 1,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

const lanePlaces = (places: number) =>
  new LanePlaces({
    places,
    slowShare: 1,
    slowAfterMs: 60_000,
    elapsedMs: () => 0,
    speeds: new HostSpeeds({ slowAfterMs: 60_000, slowBytesPerSecond: 0, elapsedMs: () => performance.now() }),
    onDemand: () => undefined,
  });

const run = (queue: HostQueue, host: string, archive: () => Promise<FetchCost>) =>
  queue.run(host, { archive, group: 'd1' });

describe('the queue of interactive requests', () => {
  let test: TestRecords;

  beforeEach(async () => {
    test = await testRecords();
  });
  afterEach(() => test.close());

  /** `waiting`: archivals that wait for the host, in their order. */
  function queueDeps(
    owner: string,
    waiting: (() => Promise<FetchCost>)[] = [],
    patienceMs = 60_000,
    places: HostQueueDeps['places'] = lanePlaces(9),
  ): HostQueueDeps {
    const hosts = new SitedHosts({
      hosts: test.records.hosts,
      sites: { find: async () => ({ address: null, domain: null }), connected: () => null },
      onTurn: () => undefined,
      logger: SILENT,
    });
    const now = () => new Date();
    return {
      hosts,
      places,
      limitsFor: () => LIMITS,
      next: async () => {
        const archive = waiting.shift();
        return archive ? { archive, group: 'd1' } : null;
      },
      owner,
      leaseMs: 30_000,
      patienceMs,
      now,
      logger: SILENT,
    };
  }

  const queue = (...given: Parameters<typeof queueDeps>) => new HostQueue(queueDeps(...given));

  it('never has more under way at a host than it allows, in all processes together', async () => {
    let active = 0;
    let most = 0;
    const archive = async () => {
      most = Math.max(most, ++active);
      await new Promise(setImmediate);
      active -= 1;
      return ASKED;
    };
    const queues = [queue('a'), queue('b')];
    const passed = await Promise.all(queues.flatMap((one) => Array.from({ length: 6 }, () => run(one, HOST, archive))));
    assert.ok(passed.includes(null));
    assert.ok(most <= 2);
  });

  it('lets many wait for a place of the lane without a warning, and keeps nothing of them', async () => {
    const warned: string[] = [];
    const warn = ({ name }: Error) => void warned.push(name);
    process.on('warning', warn);
    const signals: AbortSignal[] = [];
    const places = {
      enter: (entry: LaneEntry, signal: AbortSignal) => {
        signals.push(signal);
        return lanes.enter(entry, signal);
      },
      learn: () => undefined,
      patienceOf: (ms: number) => ms,
    };
    const lanes = lanePlaces(1);
    const first = gate();
    const one = queue('a', [], 60_000, places);
    const runs = Array.from({ length: 20 }, (_, host) =>
      run(one, `${host}.example`, async () => {
        await first.passed;
        return ASKED;
      }),
    );
    await until(() => signals.length === 20);
    await new Promise(setImmediate);
    assert.deepEqual(warned, []);
    first.open();
    await Promise.all(runs);
    process.off('warning', warn);
    assert.deepEqual(
      signals.flatMap((signal) => getEventListeners(signal, 'abort')),
      [],
    );
  });

  it('sends away for as long as a host asked to be left alone', async () => {
    const pause = async () => ({ ...ASKED, retryAfterMs: 30_000 });
    const one = queue('a');
    assert.equal(await run(one, HOST, pause), null);
    await until(async () => (await test.knex('archiver.host_limit').whereNotNull('pause_until')).length === 1);
    let asked = false;
    const busyMs = await run(one, HOST, async () => {
      asked = true;
      return ASKED;
    });
    assert.ok(busyMs !== null && busyMs > 20_000 && busyMs <= 30_000);
    assert.equal(asked, false);
  });

  it('asks again for who was refused a slot that was given back before the answer came', async () => {
    const held = gate();
    const answer = gate();
    let asked = 0;
    const takeSlice: HostQueueDeps['hosts']['takeSlice'] = async () => {
      const nth = ++asked;
      if (nth === 2) await answer.passed;
      const reason = nth === 2 ? 'concurrency' : 'free';
      return { granted: nth === 2 ? 0 : 1, slots: nth === 2 ? 0 : 1, retryAt: null, reason };
    };
    const nothing = async () => undefined;
    const connected = async () => ({ kind: 'entered' }) as const;
    const hosts = { takeSlice, renewSlots: nothing, slowSlots: nothing, releaseSlots: nothing, connected };
    const one = new HostQueue({ ...queueDeps('a'), hosts });
    const first = run(one, HOST, async () => {
      await held.passed;
      return ASKED;
    });
    await until(() => asked === 1);
    const second = run(one, HOST, async () => ASKED);
    await until(() => asked === 2);
    held.open();
    await first;
    answer.open();
    assert.equal(await second, null);
    assert.equal(await run(one, HOST, async () => ASKED), null);
  });

  it('sends nobody away for what was under way before', async () => {
    const [held, going] = [gate(), gate()];
    let begun = 0;
    const archive = async () => {
      begun += 1;
      await (begun <= 2 ? held : going).passed;
      return ASKED;
    };
    let looked = 0;
    const next = async () => (++looked <= 2 ? { archive, group: 'd1' } : null);
    const one = new HostQueue({ ...queueDeps('a'), next });
    const both = [run(one, HOST, archive), run(one, HOST, archive)];
    await until(() => begun === 2);
    held.open();
    await Promise.all(both);
    await until(() => begun === 4);
    // Those that were taken up hold all slots: the host is found busy now.
    assert.notEqual(await run(one, HOST, archive), null);
    going.open();
    await until(() => looked === 4);
    assert.equal(await run(one, HOST, archive), null);
  });

  it('sends away who comes to a busy host, lets other hosts through, and goes on with who waits', async () => {
    const slow = gate();
    const waiting: (() => Promise<FetchCost>)[] = [];
    const one = queue('a', waiting);
    let begun = 0;
    const archive = async () => {
      begun += 1;
      await slow.passed;
      return ASKED;
    };
    const first = [run(one, HOST, archive), run(one, HOST, archive)];
    await until(() => begun === 2);
    const comesBackMs = [await run(one, HOST, archive), await run(one, HOST, archive)];
    assert.deepEqual(comesBackMs, [10_000, 10_250]);
    assert.equal(await run(one, 'else.example', async () => ASKED), null);
    assert.equal(begun, 2);
    waiting.push(archive, archive);
    slow.open();
    assert.deepEqual(await Promise.all(first), [null, null]);
    await until(() => begun === 4);
    await one.close();
    assert.equal((await test.knex('archiver.host_slot')).length, 0);
  });

  it('lets the job of a long archival leave, and goes on with it', async () => {
    const slow = gate();
    const one = queue('a', [], 1);
    let isOver = false;
    const archive = async () => {
      await slow.passed;
      isOver = true;
      return ASKED;
    };
    assert.equal(await run(one, HOST, archive), 10_000);
    assert.equal(isOver, false);
    slow.open();
    await one.close();
    assert.equal(isOver, true);
  });

  it('lets a text without a host through, and rejects with what went wrong', async () => {
    const one = queue('a');
    assert.equal(await run(one, '', async () => ASKED), null);
    const failing = run(one, HOST, async () => {
      throw new Error('the store is away');
    });
    await assert.rejects(failing, /the store is away/);
    assert.equal(await run(one, HOST, async () => ASKED), null);
  });
});
