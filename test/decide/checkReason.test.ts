import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkReason } from '../../plugin/decide/checkReason.ts';

const HOUR_MS = 3600 * 1000;
const checkedAt = new Date('2026-11-30T00:00:00Z');
const bounds = { minCheckIntervalMs: HOUR_MS, maxCheckIntervalMs: 24 * HOUR_MS };
const inHours = (hours: number) => new Date(checkedAt.getTime() + hours * HOUR_MS);
const works = { checkedAt, freshUntil: null, failureCount: 0, unchangedCount: 0, bounds };

describe('the reason for the next check', () => {
  it('is what made the wait as long as it is', () => {
    assert.equal(checkReason({ ...works, failureCount: 2, freshUntil: inHours(5) }), 'failing');
    assert.equal(checkReason(works), 'minimum');
    assert.equal(checkReason({ ...works, unchangedCount: 3 }), 'unchanged');
    assert.equal(checkReason({ ...works, unchangedCount: 3, freshUntil: inHours(5) }), 'fresh');
    assert.equal(checkReason({ ...works, unchangedCount: 3, freshUntil: inHours(2) }), 'unchanged');
    assert.equal(checkReason({ ...works, unchangedCount: 2000 }), 'maximum');
    assert.equal(checkReason({ ...works, freshUntil: inHours(9000) }), 'maximum');
  });
});
