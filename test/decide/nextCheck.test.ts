import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextCheck } from '../../plugin/decide/nextCheck.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = new Date('2026-01-02T03:04:05Z');

const bounds = fc
  .tuple(fc.integer({ min: 0, max: 30 * DAY_MS }), fc.integer({ min: 1, max: 365 * DAY_MS }))
  .map(([one, other]) => ({
    minCheckIntervalMs: Math.min(one, other),
    maxCheckIntervalMs: Math.max(one, other),
  }));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const count = fc.integer({ min: 0, max: 100_000 });
const freshUntil = fc.option(
  fc.integer({ min: -400 * DAY_MS, max: 4000 * DAY_MS }).map((ms) => new Date(NOW.getTime() + ms)),
);
const working = { now: NOW, freshUntil: null, failureCount: 0, unchangedCount: 0 };
const GENTLE = { minCheckIntervalMs: HOUR_MS, maxCheckIntervalMs: 30 * DAY_MS };
/** Without jitter. */
const MIDDLE = 0.5;

const waitMs = (input: Parameters<typeof nextCheck>[0]) => nextCheck(input).getTime() - input.now.getTime();

describe('the next check', () => {
  it('of a working link lies within the bounds, give or take the jitter', () => {
    fc.assert(
      fc.property(bounds, random, count, freshUntil, (some, chance, unchangedCount, fresh) => {
        const wait = waitMs({ ...working, bounds: some, random: chance, unchangedCount, freshUntil: fresh });
        assert.ok(wait >= Math.floor(some.minCheckIntervalMs * 0.9));
        assert.ok(wait <= Math.ceil(some.maxCheckIntervalMs * 1.1));
      }),
    );
  });

  it('is a moment in the future or now, whatever was counted', () => {
    fc.assert(
      fc.property(bounds, random, count, count, freshUntil, (some, chance, unchangedCount, failureCount, fresh) => {
        const wait = waitMs({
          now: NOW,
          bounds: some,
          random: chance,
          unchangedCount,
          failureCount,
          freshUntil: fresh,
        });
        assert.ok(Number.isSafeInteger(wait) && wait >= 0);
      }),
    );
  });

  it('is never sooner for a link that has been stable for longer', () => {
    fc.assert(
      fc.property(bounds, random, count, freshUntil, (some, chance, unchangedCount, fresh) => {
        const at = (times: number) =>
          waitMs({ ...working, bounds: some, random: chance, unchangedCount: times, freshUntil: fresh });
        assert.ok(at(unchangedCount + 1) >= at(unchangedCount));
      }),
    );
  });

  it('is never sooner for a link whose answer is fresh for longer', () => {
    fc.assert(
      fc.property(bounds, random, count, fc.nat(400 * DAY_MS), fc.nat(400 * DAY_MS), (some, chance, times, a, b) => {
        const at = (freshMs: number) =>
          waitMs({
            ...working,
            bounds: some,
            random: chance,
            unchangedCount: times,
            freshUntil: new Date(NOW.getTime() + freshMs),
          });
        assert.ok(at(Math.max(a, b)) >= at(Math.min(a, b)));
      }),
    );
  });

  it('comes soon again after a change, however long it was stable before', () => {
    const stable = waitMs({ ...working, bounds: GENTLE, random: MIDDLE, unchangedCount: 50 });
    const changed = waitMs({ ...working, bounds: GENTLE, random: MIDDLE, unchangedCount: 0 });
    assert.deepEqual([changed, stable], [HOUR_MS, 30 * DAY_MS]);
  });

  it('of a broken link climbs a ladder from minutes to a week', () => {
    const ladder = [1, 2, 3, 4, 5, 6, 7, 1000].map((failureCount) =>
      waitMs({ ...working, failureCount, bounds: GENTLE, random: MIDDLE }),
    );
    const week = 7 * DAY_MS;
    assert.deepEqual(ladder, [10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS, week, week, week]);
  });

  it('of a broken link rests on nothing that a working one said', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), random, count, freshUntil, (failureCount, chance, times, fresh) => {
        const input = { ...working, failureCount, bounds: GENTLE, random: chance };
        assert.equal(waitMs({ ...input, unchangedCount: times, freshUntil: fresh }), waitMs(input));
      }),
    );
  });

  it('is spread by chance, a tenth either way', () => {
    const at = (chance: number) => waitMs({ ...working, bounds: GENTLE, random: chance });
    assert.deepEqual([at(0), at(MIDDLE)], [0.9 * HOUR_MS, HOUR_MS]);
    fc.assert(
      fc.property(random, (chance) => {
        assert.ok(at(chance) >= 0.9 * HOUR_MS && at(chance) <= 1.1 * HOUR_MS);
      }),
    );
  });
});
