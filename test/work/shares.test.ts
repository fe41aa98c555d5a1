import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newHost, take } from '../../plugin/decide/hostBudget.ts';
import { nextShareAt } from '../../plugin/work/slice/shares.ts';

const LIMITS = {
  requestsPerSecond: 2,
  burst: 5,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};
const NOW = new Date('2026-01-02T03:04:05Z');
const taken = { limits: LIMITS, shareMs: undefined, granted: 2, takenAt: NOW, left: 100 };
const later = (ms: number) => new Date(NOW.getTime() + ms);

describe('the shares of a host that its rate holds up', () => {
  it('wait for what a second brings, or for as much as is due', () => {
    assert.deepEqual(nextShareAt(taken, NOW), later(1000));
    assert.deepEqual(nextShareAt({ ...taken, left: 1 }, NOW), later(500));
    assert.deepEqual(nextShareAt({ ...taken, left: 0 }, NOW), later(500));
    assert.deepEqual(nextShareAt({ ...taken, limits: { ...LIMITS, requestsPerSecond: 0.5 } }, NOW), later(2000));
    assert.deepEqual(nextShareAt({ ...taken, limits: { ...LIMITS, burst: 1 } }, NOW), later(500));
    assert.deepEqual(nextShareAt({ ...taken, tokensLeft: 0.75 }, NOW), later(700));
    assert.deepEqual(nextShareAt({ ...taken, tokensLeft: 3 }, NOW), later(100));
  });

  it('begin together, at multiples of a tenth of a second, and never at once', () => {
    assert.deepEqual(nextShareAt({ ...taken, takenAt: later(40) }, later(70)), later(1100));
    assert.deepEqual(nextShareAt(taken, later(3000)), later(3100));
  });

  it('come again sooner where the bucket held more than others left to them', () => {
    assert.deepEqual(nextShareAt({ ...taken, shareMs: 1000 }, NOW), later(500));
    assert.deepEqual(nextShareAt({ ...taken, shareMs: 500, granted: 1 }, NOW), later(500));
    assert.deepEqual(nextShareAt({ ...taken, shareMs: 1000, granted: 1 }, NOW), later(1000));
  });

  it('are as short as others need them, except of a bucket that holds a whole slice', () => {
    const ask = { requested: 100, slotsTaken: 0, limits: LIMITS, now: NOW };
    const grantedOf = (more: object, limits = LIMITS) =>
      take(newHost(limits, NOW), { ...ask, limits, ...more }).slice.granted;
    assert.equal(grantedOf({}), 5);
    assert.equal(grantedOf({ shareMs: 500 }), 1);
    assert.equal(grantedOf({ shareMs: 1000 }), 2);
    assert.equal(grantedOf({ shareMs: 1000 }, { ...LIMITS, requestsPerSecond: 0.1 }), 1);
    assert.equal(grantedOf({ shareMs: 1000 }, { ...LIMITS, burst: 1000 }), 100);
  });
});
