import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { timeLeftText } from '../../plugin/cli/archive/runProgress.ts';
import { runLines } from '../../plugin/cli/archive/runText.ts';
import { columns } from '../../plugin/cli/context/print.ts';
import { runProgress } from '../../plugin/decide/runProgress.ts';
import type { Run } from '../../plugin/model/run.ts';

const RUN: Run = {
  id: 'r1',
  kind: 'dataset',
  lane: 'priority',
  subjectId: 'd1',
  datasetId: 'd1',
  state: 'running',
  total: 30,
  done: 10,
  counts: { archived: 9, gone: 1 },
  createdAt: new Date('2026-01-01T00:00:00Z'),
  startedAt: new Date('2026-01-01T00:00:10Z'),
  endedAt: null,
};
const NOW = new Date('2026-01-01T00:00:15Z');

describe('a run', () => {
  test('that goes on is told with its rate and its expected end', () => {
    assert.deepEqual(runProgress(RUN, NOW), { perSecond: 2, expectedEndAt: new Date('2026-01-01T00:00:25Z') });
    assert.deepEqual(runLines(RUN, NOW), [
      'run r1: running, 10 of 30, dataset d1',
      '  archived: 9',
      '  gone: 1',
      '  2.0 a second',
      '  expected to end at 2026-01-01T00:00:25.000Z',
    ]);
  });

  test('that has not begun has neither', () => {
    const waiting: Run = { ...RUN, state: 'queued', done: 0, counts: {}, startedAt: null };
    assert.deepEqual(runLines(waiting, NOW), ['run r1: queued, 0 of 30, dataset d1']);
  });

  test('that ended keeps the rate it had and expects nothing', () => {
    const ended: Run = { ...RUN, state: 'done', done: 30, counts: {}, endedAt: new Date('2026-01-01T00:00:20Z') };
    assert.deepEqual(runProgress(ended, NOW), { perSecond: 3, expectedEndAt: null });
  });

  test('that is not counted yet has no total and no expected end', () => {
    const uncounted: Run = { ...RUN, kind: 'all', subjectId: null, total: null, counts: {} };
    assert.deepEqual(runProgress(uncounted, NOW), { perSecond: 2, expectedEndAt: null });
    assert.deepEqual(runLines(uncounted, NOW), ['run r1: running, 10 of ?, all', '  2.0 a second']);
  });
});

test('columns are as wide as their widest cell, and nothing stays at the end of a line', () => {
  assert.deepEqual(
    columns([
      ['a', 1, null],
      ['bcd', 22, 'x'],
    ]),
    ['a    1   -', 'bcd  22  x'],
  );
  assert.deepEqual(columns([]), []);
});

test('the time that is left is a question mark while nothing can be said of it', () => {
  assert.deepEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 4.2, 61, 7300].map(timeLeftText), [
    '?',
    '?',
    '0 s',
    '5 s',
    '2 min',
    '3 h',
  ]);
});
