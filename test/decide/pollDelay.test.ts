import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pollDelay } from '../../plugin/decide/pollDelay.ts';

/** The waits after each attempt, until there is none. */
function waitsOf(askedMs: number): number[] {
  const waits: number[] = [];
  for (let wait = pollDelay(1, askedMs); wait !== null; wait = pollDelay(waits.length + 1, askedMs)) waits.push(wait);
  return waits;
}

describe('the waits for a file that a server prepares', () => {
  it('grow, and take two minutes together at most', () => {
    assert.deepEqual(waitsOf(0), [1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000, 15_000, 15_000, 15_000]);
  });

  it('are never shorter than the server asks', () => {
    assert.deepEqual(waitsOf(30_000), [30_000, 30_000, 30_000, 30_000]);
    assert.deepEqual(waitsOf(120_000), [120_000]);
  });

  it('are left to the queue where the server asks for longer', () => {
    assert.deepEqual(waitsOf(120_001), []);
    assert.equal(pollDelay(1_000_000, 0), null);
  });
});
