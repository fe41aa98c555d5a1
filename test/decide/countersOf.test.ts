import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Countable, countersOf } from '../../plugin/decide/countersOf.ts';

const FETCHED: Countable = {
  code: 'archived',
  lane: 'bulk',
  settled: true,
  stored: [10, 5],
  attempt: { requests: 2, wireBytes: 20, ms: 400, firstByteMs: 60 },
};

const totals = (records: readonly Countable[]) =>
  Object.fromEntries(countersOf(records).map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]));

describe('what a group of records counts', () => {
  it('adds up archivals by outcome and lane, requests, bytes and copies', () => {
    const counted = totals([FETCHED, FETCHED, { ...FETCHED, code: 'gone', lane: 'priority', stored: [] }]);
    assert.equal(counted['archiver_archivals_total{"code":"archived","lane":"bulk"}'], 2);
    assert.equal(counted['archiver_archivals_total{"code":"gone","lane":"priority"}'], 1);
    assert.equal(counted['archiver_requests_total{}'], 6);
    assert.equal(counted['archiver_stored_copies_total{}'], 4);
    assert.equal(counted['archiver_stored_bytes_total{}'], 30);
  });

  it('fills every bucket whose bound is not below, and counts a retry as an attempt and not as an archival', () => {
    const counted = totals([{ ...FETCHED, settled: false, stored: [] }]);
    const bucket = (le: string) => counted[`archiver_fetch_duration_seconds_bucket{"le":"${le}"}`];
    assert.deepEqual(['0.25', '0.5', '1800', '+Inf'].map(bucket), [undefined, 1, 1, 1]);
    assert.equal(counted['archiver_fetch_duration_seconds_sum{}'], 0.4);
    assert.equal(counted['archiver_first_byte_seconds_count{}'], 1);
    assert.ok(!Object.keys(counted).some((name) => name.startsWith('archiver_archivals_total')));
  });

  it('counts no request where nobody was asked', () => {
    assert.deepEqual(totals([{ ...FETCHED, code: 'still-fresh', stored: [], attempt: null }]), {
      'archiver_archivals_total{"code":"still-fresh","lane":"bulk"}': 1,
    });
  });
});
