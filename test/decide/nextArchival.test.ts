import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBroken } from '../../plugin/decide/isBroken.ts';
import { nextArchival, type Policy } from '../../plugin/decide/nextArchival.ts';
import { nextKnown } from '../../plugin/decide/nextKnown.ts';
import { confirmedOf } from '../../plugin/decide/status/confirmed.ts';
import type { Archival } from '../../plugin/model/archival.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { CODES, type Code } from '../../plugin/model/status.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const EARLIER = new Date('2026-01-01T00:00:00Z');
const URL = 'https://data.example/1.csv';
const POLICY: Policy = {
  retryDelaysMs: [1000, 2000, 4000],
  confirmFailures: 3,
  minCheckIntervalMs: 3_600_000,
  maxCheckIntervalMs: 30 * 24 * 3_600_000,
};

const BEFORE: Archival = {
  resourceId: 'r1',
  datasetId: 'd1',
  url: URL,
  host: 'data.example',
  code: null,
  reason: null,
  broken: null,
  confirmed: null,
  attempts: 0,
  failureCount: 0,
  linkFailureCount: 0,
  firstFailureAt: null,
  lastSuccessAt: null,
  checkedAt: null,
  nextCheckAt: null,
  freshUntil: null,
  unchangedCount: 0,
  changedCount: 0,
  known: null,
  finalUrl: null,
  moved: false,
  copyId: null,
  lane: 'bulk',
  requestSeq: 1,
  doneSeq: 0,
  runIds: [],
};

function attemptOf(kind: Attempt['kind'], code: Code, changes: Partial<Attempt> = {}): Attempt {
  const { broken, transient } = CODES[code];
  return {
    kind,
    code,
    broken,
    transient,
    reason: `It ended with ${code}.`,
    retryAfterMs: null,
    url: URL,
    status: 200,
    finalUrl: URL,
    redirects: [],
    moved: false,
    bytes: 4,
    md5: 'm',
    sha256: 's',
    mediaType: 'text/csv',
    format: 'CSV',
    charset: 'utf-8',
    filename: '1.csv',
    validators: { etag: null, lastModified: null },
    freshUntil: null,
    answer: { status: 200, headers: { etag: '"1"' } },
    requests: 1,
    resumed: 0,
    lenient: false,
    wireBytes: 4,
    evidence: [],
    service: null,
    liar: false,
    ms: 5,
    stage: null,
    ...changes,
  };
}

function next(before: Partial<Archival>, attempt: Attempt) {
  const host = 'data.example';
  return nextArchival({
    before: { ...BEFORE, ...before },
    attempt,
    url: URL,
    host,
    now: NOW,
    policy: POLICY,
    random: 0.5,
  });
}

/** A row of settled requests that all end with this. */
function failing(code: Code, times: number, start: Partial<Archival> = {}) {
  let before: Archival = { ...BEFORE, ...start };
  const told: string[] = [];
  for (let time = 0; time < times; time++) {
    const result = next({ ...before, attempts: 3 }, attemptOf('failed', code));
    assert.ok(result.settled);
    told.push(...result.transitions);
    before = { ...before, ...result.archival };
  }
  return { archival: before, told };
}

describe('the next archival', () => {
  it('refreshes when it was checked and ends a row of failures when nothing changed', () => {
    const before = { failureCount: 2, firstFailureAt: EARLIER, checkedAt: EARLIER, lastSuccessAt: EARLIER };
    const { archival, transitions } = next(before, attemptOf('unchanged', 'not-modified'));
    assert.deepEqual([archival.failureCount, archival.firstFailureAt], [0, null]);
    assert.deepEqual([archival.checkedAt, archival.lastSuccessAt], [NOW, NOW]);
    assert.deepEqual(transitions, ['unchanged', 'recovered']);
  });

  it('counts failures in a row, remembers the first, and calls the link broken when it is confirmed', () => {
    const { archival, told } = failing('gone', 5);
    assert.deepEqual([archival.failureCount, archival.firstFailureAt, archival.broken], [5, NOW, true]);
    assert.deepEqual(told, ['failed', 'failed', 'failed', 'broken', 'failed', 'failed']);
  });

  it('neither lengthens nor ends a row of failures by what is unsure', () => {
    const before = { failureCount: 2, firstFailureAt: EARLIER };
    for (const code of ['too-large', 'not-data', 'blocked-address'] as const) {
      const { archival, transitions } = next(before, attemptOf('refused', code));
      assert.deepEqual([archival.failureCount, archival.firstFailureAt], [2, EARLIER], code);
      assert.equal(archival.broken, null);
      assert.deepEqual(transitions, ['failed']);
    }
    const { archival } = next(before, attemptOf('failed', 'forbidden'));
    assert.equal(archival.failureCount, 2);
  });

  it('counts failures of the link apart from our own, so that a fault of ours confirms nothing and hides nothing', () => {
    let before: Partial<Archival> = {};
    const seen: (readonly [number | undefined, boolean | null, boolean])[] = [];
    for (const code of [
      'gone',
      'internal',
      'internal',
      'timeout',
      'host-refused',
      'gone',
      'forbidden',
      'gone',
    ] as const) {
      const { archival, transitions } = next({ ...before, attempts: 3 }, attemptOf('failed', code));
      before = { ...before, ...archival };
      seen.push([archival.linkFailureCount, isBroken(archival, 3), transitions.includes('broken')]);
    }
    assert.deepEqual(seen, [
      [1, null, false],
      [1, null, false],
      [1, null, false],
      [2, null, false],
      [2, null, false],
      [3, true, true],
      [3, true, false],
      [4, true, false],
    ]);
  });

  /** What `task_status` says after each of a row of settled attempts, and what is confirmed then. */
  function toldOf(codes: readonly Code[], start: Partial<Archival> = {}) {
    let before: Archival = { ...BEFORE, ...start };
    return codes.map((code) => {
      const good = CODES[code].broken === false;
      const kind = good ? 'fetched' : CODES[code].refused ? 'refused' : 'failed';
      const { archival, state, value, error } = next({ ...before, attempts: 3 }, attemptOf(kind, code));
      before = { ...before, ...archival };
      const told = JSON.parse(value);
      assert.equal(told.status, CODES[told.code as Code].status);
      assert.deepEqual([told.lastAttempt.code, told.lastAttempt.reason], [code, `It ended with ${code}.`]);
      assert.equal(error, state === 'success' ? '' : told.reason);
      assert.equal(confirmedOf(before, 3)?.code ?? told.lastAttempt.code, told.code);
      return [state, told.code, told.is_broken];
    });
  }

  it("tells CKAN's clients of the outcome before, until a failure of the link is confirmed, and of that one until it works", () => {
    assert.deepEqual(toldOf(['archived', 'gone', 'timeout', 'gone', 'not-data', 'same-hash', 'gone']), [
      ['success', 'archived', false],
      ['success', 'archived', null],
      ['success', 'archived', null],
      ['failure', 'gone', true],
      ['failure', 'gone', true],
      ['success', 'same-hash', false],
      ['success', 'same-hash', null],
    ]);
  });

  it('tells of what was refused without waiting, and goes back to it while a failure is not confirmed', () => {
    assert.deepEqual(toldOf(['archived', 'too-large', 'gone', 'forbidden', 'host-refused', 'timeout']), [
      ['success', 'archived', false],
      ['failure', 'too-large', null],
      ['failure', 'too-large', null],
      ['failure', 'forbidden', null],
      ['failure', 'host-refused', null],
      ['failure', 'host-refused', null],
    ]);
  });

  it('has nothing but the failure itself to tell of a link that never worked, and says that it is not confirmed', () => {
    assert.deepEqual(toldOf(['gone', 'timeout', 'gone']), [
      ['failure', 'gone', null],
      ['failure', 'timeout', null],
      ['failure', 'gone', true],
    ]);
  });

  it('knows what a version before it recorded, which kept nothing confirmed', () => {
    const copied = { lastSuccessAt: EARLIER, checkedAt: EARLIER, reason: '' };
    const of = (start: Partial<Archival>) => toldOf(['gone'], { ...copied, ...start })[0];
    assert.deepEqual(of({ code: 'same-length', broken: false }), ['success', 'same-length', null]);
    assert.deepEqual(of({ code: 'timeout', failureCount: 1, linkFailureCount: 1 }), ['success', 'archived', null]);
    assert.deepEqual(of({ code: 'forbidden' }), ['failure', 'forbidden', null]);
    const stale = { code: 'gone', reason: '', broken: true, at: new Date(0).toISOString() } as const;
    assert.deepEqual(of({ code: 'archived', broken: false, confirmed: stale }), ['success', 'archived', null]);
  });

  it('counts the failures of a link from 0 when the resource gets another URL', () => {
    const { archival } = failing('gone', 4);
    const changed = next(
      { ...archival, url: 'https://data.example/old.csv', attempts: 3 },
      attemptOf('failed', 'gone'),
    );
    assert.deepEqual([changed.archival.failureCount, changed.archival.linkFailureCount], [1, 1]);
    assert.deepEqual([isBroken(changed.archival, 3), changed.state], [null, 'failure']);
    assert.deepEqual(JSON.parse(changed.value).is_broken, null);
  });

  it('takes a count that an earlier version left behind for none once the link worked', () => {
    const { archival } = next({ failureCount: 0, linkFailureCount: 7 }, attemptOf('failed', 'gone'));
    assert.equal(archival.linkFailureCount, 1);
  });

  it('tells of a recovery once', () => {
    const { archival } = failing('gone', 4);
    const recovered = next(archival, attemptOf('fetched', 'archived'));
    assert.deepEqual(recovered.transitions, ['succeeded', 'recovered']);
    const again = next({ ...archival, ...recovered.archival }, attemptOf('unchanged', 'not-modified'));
    assert.deepEqual(again.transitions, ['unchanged']);
  });

  it('puts off what failed on our side for up to a day, and never calls the link broken for it', () => {
    const { archival, told } = failing('internal', 9);
    assert.deepEqual([archival.failureCount, archival.broken], [9, null]);
    assert.equal((archival.nextCheckAt?.getTime() ?? 0) - NOW.getTime(), 24 * 3_600_000);
    assert.ok(!told.includes('broken'));
  });

  it('tries what may pass three times more, then gives up and records it once', () => {
    const attempt = attemptOf('failed', 'timeout');
    const results = [0, 1, 2, 3].map((attempts) => next({ attempts }, attempt));
    assert.deepEqual(
      results.map(({ retryInMs }) => retryInMs),
      [1000, 2000, 4000, null],
    );
    assert.deepEqual(
      results.map(({ archival }) => archival.failureCount),
      [0, 0, 0, 1],
    );
    assert.deepEqual(
      results.flatMap(({ transitions }) => transitions),
      ['failed'],
    );
    assert.deepEqual(
      results.map(({ state }) => state),
      ['pending', 'pending', 'pending', 'failure'],
    );
  });

  it('waits as long as the server asks, never shorter than the policy says', () => {
    const retryAfter = (retryAfterMs: number) =>
      next({}, attemptOf('failed', 'rate-limited', { retryAfterMs })).retryInMs;
    assert.deepEqual([retryAfter(60_000), retryAfter(10)], [60_000, 1000]);
  });

  it('does not try again what will not pass', () => {
    for (const code of ['gone', 'forbidden', 'invalid-url', 'tls', 'empty'] as const) {
      assert.equal(next({}, attemptOf('failed', code)).retryInMs, null, code);
    }
  });

  it('keeps what it knows of the last good copy, but not the trust in its freshness', () => {
    const known = nextKnown(null, attemptOf('fetched', 'archived'), URL, EARLIER);
    const { archival } = next({ known }, attemptOf('failed', 'gone', { bytes: null, md5: null, sha256: null }));
    assert.deepEqual(archival.known, { ...known, ok: false });
  });

  it('makes checks rarer while nothing changes and sooner after a change', () => {
    const waitOf = (before: Partial<Archival>, attempt: Attempt) =>
      (next(before, attempt).archival.nextCheckAt?.getTime() ?? 0) - NOW.getTime();
    const first = waitOf({}, attemptOf('fetched', 'archived'));
    const later = waitOf({ unchangedCount: 5 }, attemptOf('unchanged', 'not-modified'));
    assert.equal(first, POLICY.minCheckIntervalMs);
    assert.ok(later > 5 * first);
    assert.equal(waitOf({ unchangedCount: 50 }, attemptOf('fetched', 'archived')), first);
  });

  it('always looks again, and never retries more often than there are delays', () => {
    const code = fc.constantFrom(...(Object.keys(CODES) as Code[]));
    const kind = fc.constantFrom('fetched', 'unchanged', 'refused', 'failed');
    fc.assert(
      fc.property(
        kind,
        code,
        fc.nat(10),
        fc.nat(1000),
        fc.boolean(),
        (how, what, attempts, failureCount, transient) => {
          const { archival, settled, retryInMs } = next(
            { attempts, failureCount },
            attemptOf(how, what, { transient }),
          );
          assert.ok(archival.nextCheckAt && archival.nextCheckAt > NOW);
          assert.equal(settled, retryInMs === null);
          if (attempts >= POLICY.retryDelaysMs.length) assert.ok(settled);
          assert.ok(archival.failureCount <= failureCount + 1);
        },
      ),
    );
  });
});

describe('what is known of a copy', () => {
  it('holds the URL that answered, also when nothing was asked', () => {
    const redirected = attemptOf('fetched', 'archived', { finalUrl: 'https://cdn.example/1.csv' });
    const known = nextKnown(null, redirected, URL, EARLIER);
    assert.equal(known?.finalUrl, 'https://cdn.example/1.csv');
    const fresh = nextKnown(known, attemptOf('unchanged', 'still-fresh', { finalUrl: null, answer: null }), URL, NOW);
    assert.deepEqual(fresh, known);
    const direct = nextKnown(known, attemptOf('unchanged', 'not-modified'), URL, NOW);
    assert.equal(direct?.finalUrl, URL);
    assert.equal(direct?.storedAt, NOW.toISOString());
  });

  it('is trusted no more when the host lied, until the URL changes', () => {
    const liar = nextKnown(null, attemptOf('fetched', 'archived', { liar: true }), URL, EARLIER);
    assert.equal(liar?.trusted, false);
    assert.equal(nextKnown(liar, attemptOf('unchanged', 'same-hash'), URL, NOW)?.trusted, false);
    assert.equal(nextKnown(liar, attemptOf('fetched', 'archived'), `${URL}?2`, NOW)?.trusted, true);
  });
});
