import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HostState, newHost, settle, take } from '../../plugin/decide/hostBudget.ts';
import type { HostLimits, HostReport } from '../../plugin/model/host.ts';

const NOON = new Date('2026-03-02T12:00:00Z');
const LIMITS: HostLimits = {
  requestsPerSecond: 2,
  burst: 5,
  concurrency: 3,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};
const REPORT: HostReport = {
  owner: 'a',
  slots: 1,
  unused: 0,
  bytes: 0,
  responseMs: 0,
  retryAfterMs: null,
  deadCount: 0,
  aliveCount: 0,
  now: NOON,
};

describe('the budget of a host', () => {
  const after = (ms: number) => new Date(NOON.getTime() + ms);
  const slice = (
    state: HostState,
    ask: Partial<Parameters<typeof take>[1]> = {},
    limits: Partial<HostLimits> = {},
  ): ReturnType<typeof take> =>
    take(state, { requested: 10, slotsTaken: 0, now: NOON, ...ask, limits: { ...LIMITS, ...limits } });
  const fresh = newHost(LIMITS, NOON);

  it('starts with a burst and then follows the rate', () => {
    const first = slice(fresh);
    assert.deepEqual([first.slice.granted, first.slice.reason], [5, 'free']);
    const second = slice(first.state);
    assert.deepEqual([second.slice.reason, second.slice.retryAt], ['rate', after(500)]);
    assert.equal(slice(first.state, { now: after(1500) }).slice.granted, 3);
    assert.equal(slice(first.state, { now: after(3600_000) }).slice.granted, 5);
  });

  it('never grants more in any time than the burst and the rate of that time', () => {
    let state = fresh;
    let granted = 0;
    for (let ms = 0; ms <= 60_000; ms += 1 + ((ms * 7919) % 900)) {
      const taken = slice(state, { now: after(ms), requested: 1 + (ms % 4) });
      state = taken.state;
      granted += taken.slice.granted;
      assert.ok(granted <= 5 + (2 * ms) / 1000, `${granted} after ${ms} ms`);
    }
    assert.ok(granted > 100);
  });

  it('keeps the last slot for people', () => {
    assert.equal(slice(fresh).slice.slots, 2);
    assert.equal(slice(fresh, { slotsTaken: 1 }).slice.slots, 1);
    assert.deepEqual(slice(fresh, { slotsTaken: 2 }).slice.reason, 'concurrency');
    assert.equal(slice(fresh, { slotsTaken: 2, requested: 1, urgent: true }).slice.slots, 1);
    assert.equal(slice(fresh, { slotsTaken: 3, requested: 1, urgent: true }).slice.reason, 'concurrency');
    assert.equal(slice(fresh, {}, { concurrency: 1 }).slice.slots, 1);
    assert.equal(slice(fresh, {}, { concurrency: 0 }).slice.reason, 'concurrency');
  });

  it('lets people through without tokens, and sweeps wait for what they took', () => {
    const empty = slice(fresh).state;
    const urgent = slice(empty, { requested: 1, urgent: true });
    assert.equal(urgent.slice.granted, 1);
    assert.equal(slice(urgent.state, { now: after(500) }).slice.reason, 'rate');
    assert.equal(slice(urgent.state, { now: after(1000) }).slice.granted, 1);
  });

  it('takes back what was not used, and never more than a burst', () => {
    const taken = slice(fresh, { requested: 4 });
    assert.equal(settle(taken.state, { ...REPORT, unused: 3, aliveCount: 1 }, LIMITS).tokens, 4);
    assert.equal(settle(taken.state, { ...REPORT, unused: 9, aliveCount: 1 }, LIMITS).tokens, 5);
  });

  it('leaves a host alone for as long as it asked, people too', () => {
    const state = settle(fresh, { ...REPORT, retryAfterMs: 30_000, aliveCount: 1 }, LIMITS);
    for (const urgent of [true, false]) {
      assert.deepEqual(slice(state, { now: after(29_000), urgent }).slice, {
        granted: 0,
        slots: 0,
        retryAt: after(30_000),
        reason: 'retry-after',
      });
      assert.equal(slice(state, { now: after(30_000), urgent }).slice.reason, 'free');
    }
    const shorter = settle(state, { ...REPORT, retryAfterMs: 1000, aliveCount: 1 }, LIMITS);
    assert.deepEqual(shorter.pauseUntil, after(30_000));
  });

  it('goes on at half its rate after one path asked for a pause, and pauses after two such answers within a minute', () => {
    const one = settle(fresh, { ...REPORT, overloadsMs: [30_000], aliveCount: 1 }, LIMITS);
    assert.equal(one.pauseUntil, null);
    assert.deepEqual(slice(one).slice.retryAt, after(1000));
    assert.equal(slice(one, { requested: 1, urgent: true }).slice.reason, 'free');
    assert.equal(slice(one, { now: after(3000) }).slice.granted, 3);
    const again = (ms: number) =>
      settle(one, { ...REPORT, overloadsMs: [20_000], aliveCount: 1, now: after(ms) }, LIMITS).pauseUntil;
    assert.deepEqual([again(59_000), again(61_000)], [after(79_000), null]);
    const both = settle(fresh, { ...REPORT, overloadsMs: [10_000, 20_000], aliveCount: 2 }, LIMITS);
    assert.deepEqual(both.pauseUntil, after(20_000));
  });

  it('pauses in proportion to the time an answer takes', () => {
    const gap = { ...LIMITS, gapFactor: 3 };
    assert.deepEqual(settle(fresh, { ...REPORT, responseMs: 400, aliveCount: 1 }, gap).pauseUntil, after(1200));
  });

  it('lets all hosts of an address or a domain have so many together, of which slow ones never hold all', () => {
    const limits = { addressConcurrency: 8, domainConcurrency: 4 };
    const at = (young: number, slow: number, more: Partial<Parameters<typeof take>[1]> = {}) =>
      slice(fresh, { urgent: true, atAddress: { young, slow }, atDomain: { young: 0, slow: 0 }, ...more }, limits)
        .slice;
    assert.deepEqual([at(7, 0).slots, at(8, 0).reason, at(8, 0).retryAt], [1, 'address', after(1000)]);
    assert.deepEqual([at(3, 100).slots, at(4, 100).reason], [1, 'address']);
    assert.equal(at(0, 0, { atDomain: { young: 4, slow: 0 } }).reason, 'domain');
    // A sweep leaves a quarter to interactive requests, and does not add to more than four times the limit.
    const swept = { urgent: false };
    assert.deepEqual([at(5, 0, swept).slots, at(6, 0, swept).reason], [1, 'address']);
    assert.deepEqual([at(1, 30, swept).slots, at(1, 31, swept).reason], [1, 'address']);
    // Whose own limit is higher may have as many alone, and 0 is no limit.
    assert.equal(
      slice(fresh, { urgent: true, atAddress: { young: 8, slow: 0 } }, { ...limits, concurrency: 20 }).slice.reason,
      'free',
    );
    assert.equal(
      slice(fresh, { urgent: true, atAddress: { young: 99, slow: 0 } }, { addressConcurrency: 0 }).slice.reason,
      'free',
    );
  });

  it('asks for no more bytes in a day than allowed', () => {
    const state = settle(fresh, { ...REPORT, bytes: 1000, aliveCount: 1 }, LIMITS);
    const over = slice(state, {}, { bytesPerDay: 1000 });
    assert.deepEqual([over.slice.reason, over.slice.retryAt], ['bytes', new Date('2026-03-03T00:00:00Z')]);
    assert.equal(slice(state, {}, { bytesPerDay: 1001 }).slice.reason, 'free');
    // As in the settings, whoever wrote it.
    assert.equal(slice(state, {}, { bytesPerDay: 0 }).slice.reason, 'free');
    const tomorrow = new Date('2026-03-03T00:00:01Z');
    assert.equal(slice(state, { now: tomorrow }, { bytesPerDay: 1000 }).slice.reason, 'free');
    assert.equal(settle(state, { ...REPORT, bytes: 7, aliveCount: 1, now: tomorrow }, LIMITS).bytes, 7);
  });

  for (const [hours, hour, end] of [
    [[8, 18], 7, null],
    [[8, 18], 8, '2026-03-02T18:00:00Z'],
    [[8, 18], 18, null],
    [[22, 6], 23, '2026-03-03T06:00:00Z'],
    [[22, 6], 5, '2026-03-02T06:00:00Z'],
    [[22, 6], 6, null],
  ] as const) {
    it(`at ${hour} o’clock ${end ? 'is quiet' : 'is open'} with the quiet hours ${hours.join('-')}`, () => {
      const now = new Date(Date.UTC(2026, 2, 2, hour));
      const taken = slice(fresh, { now }, { quietHours: [hours[0], hours[1]] }).slice;
      assert.deepEqual(taken.retryAt, end && new Date(end));
      assert.equal(taken.reason, end ? 'quiet' : 'free');
      assert.equal(slice(fresh, { now, urgent: true }, { quietHours: [hours[0], hours[1]] }).slice.reason, 'free');
    });
  }

  it('is closed after five dead connections in a row, longer each time, with one probe between', () => {
    let state = fresh;
    for (let i = 0; i < 4; i++) state = settle(state, { ...REPORT, deadCount: 1 }, LIMITS);
    assert.equal(slice(state).slice.reason, 'free');
    const opened: number[] = [];
    let now = NOON;
    for (let i = 0; i < 14; i++) {
      state = settle(state, { ...REPORT, deadCount: 1, now }, LIMITS);
      assert.deepEqual(slice(state, { now }).slice.reason, 'circuit');
      assert.equal(slice(state, { now, urgent: true, requested: 1 }).slice.reason, 'free');
      assert.ok(state.openUntil);
      opened.push((state.openUntil.getTime() - now.getTime()) / 60_000);
      now = state.openUntil;
      assert.equal(slice(state, { now }).slice.granted, 1);
    }
    assert.deepEqual(opened.slice(0, 5), [1, 2, 4, 8, 16]);
    assert.equal(Math.max(...opened), 24 * 60);
    const alive = settle(state, { ...REPORT, aliveCount: 1, now }, LIMITS);
    assert.deepEqual([alive.deadCount, alive.openCount, alive.openUntil], [0, 0, null]);
    assert.equal(slice(alive, { now }).slice.granted, 5);
  });
});
