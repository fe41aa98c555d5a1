import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { laneLines } from '../../plugin/cli/archive/laneText.ts';
import type { LaneState, PlaceHolder } from '../../plugin/model/laneState.ts';
import { LaneMoves } from '../../plugin/work/laneMoves.ts';
import { LaneWatch } from '../../plugin/work/laneWatch.ts';
import { SILENT } from '../support/testPortal.ts';

const MOVING: LaneState = { lane: 'bulk', waitingHosts: 1, idleMs: 20, standsStill: false };
const STILL: LaneState = { lane: 'bulk', waitingHosts: 3, idleMs: 61_000, standsStill: true };
const HOLDER: PlaceHolder = {
  host: 'slow.example',
  address: '203.0.113.7',
  domain: 'slow.example',
  slots: 2,
  since: new Date('2026-03-02T12:00:00Z'),
};

describe('a lane that stands still', () => {
  it('is logged once with who has the places, and once when it moves again', async () => {
    const logged: unknown[] = [];
    const log = (level: string) => (fields: object, message?: string) => void logged.push([level, message, fields]);
    const asked = [STILL, STILL, MOVING, MOVING, STILL];
    const watch = new LaneWatch({
      states: async () => [asked.shift() ?? assert.fail()],
      holders: async () => [HOLDER],
      everyMs: 1000,
      logger: { ...SILENT, info: log('info'), warn: log('warn') },
    });
    for (let look = 0; look < 5; look++) await watch.look();
    const still = [
      'warn',
      'the lane stands still',
      { lane: 'bulk', waitingHosts: 3, idleMs: 61_000, heldBy: [HOLDER] },
    ];
    assert.deepEqual(logged, [still, ['info', 'the lane moves again', { lane: 'bulk' }], still]);
  });

  it('is a line of status, with who has the places; one that moves is none', () => {
    assert.deepEqual(laneLines({ lanes: [STILL], heldBy: [HOLDER] }), [
      'the bulk lane stands still: nothing ended for 61 s, hosts waited for: 3',
      'slow.example (203.0.113.7) has places: 2, since 2026-03-02T12:00:00.000Z',
    ]);
    assert.deepEqual(laneLines({ lanes: [MOVING], heldBy: [HOLDER] }), []);
  });

  it('is known by what ended last, which is told now and then, and not of what was only put off', () => {
    const told: string[] = [];
    let elapsedMs = 0;
    const moves = new LaneMoves({
      leases: { recordMove: async (lane) => void told.push(`${lane} at ${elapsedMs}`) },
      everyMs: 10_000,
      elapsedMs: () => elapsedMs,
      logger: SILENT,
    });
    moves.ended('priority', { deferredMs: 5 });
    for (; elapsedMs < 20_000; elapsedMs += 4000) moves.ended('priority', {});
    moves.ended('bulk', {});
    assert.deepEqual(told, ['priority at 0', 'priority at 12000', 'bulk at 20000']);
  });
});
