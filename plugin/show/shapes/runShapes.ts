import { CODES } from '../../model/status.ts';
import { closed, count, keysOf, listOf, nextPage, optionalText, optionalTime, text, time } from './parts.ts';

const Run = closed({
  id: text,
  state: { enum: ['queued', 'running', 'done', 'cancelled'] },
  total: { type: ['integer', 'null'], minimum: 0, description: 'null: its resources are still being counted.' },
  done: count,
  counts: {
    type: 'object',
    description: 'How its resources ended, by code.',
    propertyNames: { enum: [...keysOf(CODES), 'deleted', 'superseded'] },
    additionalProperties: count,
  },
  createdAt: time,
  endedAt: optionalTime,
  kind: { enum: ['resource', 'dataset', 'all', 'sweep'] },
  lane: { enum: ['priority', 'bulk'] },
  datasetId: { ...optionalText, description: 'null: the run is of the whole portal.' },
  startedAt: optionalTime,
  perSecond: { type: ['number', 'null'], description: 'Resources a second; null: it cannot be said yet.' },
  expectedEndAt: optionalTime,
});

/** The shapes of runs. */
export const RUN_SHAPES = {
  Run,
  Runs: closed({ runs: { ...listOf(Run), description: 'Newest first.' }, next: nextPage }),
};
