import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextArchival } from '../../plugin/decide/nextArchival.ts';
import { isSameState, stateChanges } from '../../plugin/decide/stateChanges.ts';
import { nextFreshCheck, stillFresh } from '../../plugin/decide/stillFresh.ts';
import { stillFresh as stillFreshOutcome } from '../../plugin/fetch/cache/knownCopy.ts';
import { Trace } from '../../plugin/fetch/outcome/trace.ts';
import { sparedUntil, withLowerCasedHeaders } from '../../plugin/fetch/sparedUntil.ts';
import { toAttempt } from '../../plugin/fetch/toAttempt.ts';
import type { Archival } from '../../plugin/model/archival.ts';
import type { FetchRequest, Known } from '../../plugin/model/attempt.ts';
import { CODES, type Code } from '../../plugin/model/status.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const URL = 'https://data.example/1.csv';
const DAY_MS = 86_400_000;
const CEILINGS = { maxFreshnessMs: 7 * DAY_MS, maxHeuristicFreshnessMs: DAY_MS };
const WORKING = (Object.keys(CODES) as Code[]).filter((code) => isSameState(code, 'archived'));

const moments = fc.integer({ min: -30 * DAY_MS, max: 0 }).map((ms) => new Date(NOW.getTime() + ms));
const headers = fc.record(
  {
    'cache-control': fc.integer({ min: 0, max: 20 * 86_400 }).map((seconds) => `max-age=${seconds}`),
    expires: fc.integer({ min: -5, max: 9 }).map((days) => new Date(NOW.getTime() + days * DAY_MS).toUTCString()),
    'Last-Modified': fc
      .integer({ min: 0, max: 900 })
      .map((days) => new Date(NOW.getTime() - days * DAY_MS).toUTCString()),
    etag: fc.constant('"1"'),
  },
  { requiredKeys: [] },
);
const copies = fc.record({
  headers,
  storedAt: moments.map((at) => at.toISOString()),
  status: fc.constantFrom(200, 304),
});
const rows = fc.record({
  copy: copies,
  code: fc.constantFrom(...WORKING),
  unchangedCount: fc.integer({ min: 0, max: 5000 }),
  changedCount: fc.integer({ min: 0, max: 5 }),
  linkFailureCount: fc.constantFrom(0, 2),
  checkedAt: moments,
  moved: fc.boolean(),
  finalUrl: fc.constantFrom(null, 'https://elsewhere.example/1.csv'),
  runId: fc.constantFrom(null, 'sweep-1'),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  bounds: fc.record({
    minCheckIntervalMs: fc.integer({ min: 0, max: 3 * DAY_MS }),
    maxCheckIntervalMs: fc.integer({ min: 3 * DAY_MS, max: 60 * DAY_MS }),
  }),
});

describe('what is recorded of a resource that is still fresh', () => {
  it('is what an archival comes to for which no request was made', () => {
    let seen = 0;
    const property = fc.property(rows, ({ copy, runId, random, bounds, ...row }) => {
      const known: Known = { ...copy, url: URL, bytes: 4, md5: null, sha256: '0'.repeat(64), ok: true };
      const until = sparedUntil(known, { url: URL, now: NOW.getTime() }, CEILINGS);
      if (!until) return;
      seen += 1;
      const before = archivalOf({ ...row, known, runIds: runId === null ? [] : [runId] });
      const request = withLowerCasedHeaders(requestOf(known));
      const outcome = stillFreshOutcome(request.known ?? known);
      const attempt = toAttempt(request, new Trace(), outcome, CEILINGS);
      const policy = { ...bounds, retryDelaysMs: [1000], confirmFailures: 3 };
      const next = nextArchival({ before, attempt, url: URL, host: before.host, now: NOW, policy, random });
      const { confirmed, attempts, taskStatus } = stillFresh({ now: NOW, runId });
      const unchangedCount = row.unchangedCount + 1;
      const { state, value, error, settled, transitions } = next;
      assert.deepEqual({ state, value, error }, taskStatus);
      assert.deepEqual([settled, transitions], [true, ['unchanged']]);
      const { known: _known, failureCount, linkFailureCount, firstFailureAt, ...written } = next.archival;
      assert.deepEqual(written, {
        url: URL,
        host: before.host,
        code: confirmed.code,
        reason: confirmed.reason,
        broken: false,
        confirmed,
        attempts,
        lastSuccessAt: NOW,
        checkedAt: NOW,
        nextCheckAt: nextFreshCheck({ now: NOW, freshUntil: until, unchangedCount, bounds, random }),
        freshUntil: until,
        unchangedCount,
        changedCount: 0,
        finalUrl: before.finalUrl,
        moved: false,
      });
      const nothing = { stored: null, derived: [], missing: null, suspects: [] };
      const changed = { before, after: next.archival, datasetId: 'd1', settled, transitions, ...nothing };
      assert.deepEqual(stateChanges(changed), []);
    });
    fc.assert(property, { numRuns: 2000 });
    assert.ok(seen > 200, `${seen} rows were fresh`);
  });
});

function archivalOf(row: Partial<Archival>): Archival {
  return {
    resourceId: 'r1',
    datasetId: 'd1',
    url: URL,
    host: 'data.example',
    code: 'archived',
    reason: '',
    broken: false,
    confirmed: null,
    attempts: 0,
    failureCount: 0,
    linkFailureCount: 0,
    firstFailureAt: null,
    lastSuccessAt: NOW,
    checkedAt: NOW,
    nextCheckAt: NOW,
    freshUntil: null,
    unchangedCount: 0,
    changedCount: 0,
    known: null,
    finalUrl: null,
    moved: false,
    copyId: 'c1',
    lane: 'bulk',
    requestSeq: 1,
    doneSeq: 1,
    runIds: [],
    ...row,
  };
}

function requestOf(known: Known): FetchRequest {
  return {
    url: URL,
    mode: 'sweep',
    known,
    declaredFormat: null,
    resourceName: null,
    now: NOW.getTime(),
    keyPrefix: 'archive/20260102T030405Z/r1',
  };
}
