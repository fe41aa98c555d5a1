import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Changeable, stateChanges } from '../../plugin/decide/stateChanges.ts';
import type { Archival } from '../../plugin/model/archival.ts';
import type { Code } from '../../plugin/model/status.ts';

const AT = new Date('2026-01-02T03:04:05Z');

function kinds(previous: Code | null, code: Code, changes: Partial<Changeable> = {}, after: Partial<Archival> = {}) {
  const state = { finalUrl: 'https://a.example/x', moved: false, reason: 'so', checkedAt: AT };
  const before = { resourceId: 'r1', code: previous, copyId: 'c1', ...state } as Archival;
  const found = stateChanges({
    before,
    after: { ...before, code, ...after },
    datasetId: 'd1',
    settled: true,
    transitions: [],
    stored: null,
    derived: [],
    missing: null,
    suspects: [],
    ...changes,
  });
  return found.map(({ kind }) => kind);
}

describe('the changes of state of a resource', () => {
  it('are none while it works, however it is found to be unchanged', () => {
    for (const code of ['not-modified', 'still-fresh', 'same-length', 'same-hash', 'archived'] as const) {
      assert.deepEqual(kinds('archived', code), []);
    }
    assert.deepEqual(kinds('gone', 'gone'), []);
  });

  it('are told where it ends otherwise than before, once that is settled', () => {
    assert.deepEqual(kinds(null, 'archived', { stored: 'k' }), ['code', 'copy']);
    assert.deepEqual(kinds('archived', 'gone', { transitions: ['failed', 'broken'] }), ['code', 'broken']);
    assert.deepEqual(kinds('gone', 'archived', { transitions: ['succeeded', 'recovered'] }), ['code', 'recovered']);
    assert.deepEqual(kinds('archived', 'timeout', { settled: false }), []);
  });

  it('tell of a copy that ends in the middle, beside the copy itself', () => {
    const suspects = [{ key: 'k', reason: 'It is cut off.' }];
    assert.deepEqual(kinds('archived', 'archived', { stored: 'k', suspects }), ['copy', 'suspect']);
    assert.deepEqual(kinds('archived', 'not-data', { derived: ['k'], suspects }), ['code', 'copy', 'suspect']);
    assert.deepEqual(kinds('archived', 'archived', { stored: 'k' }), ['copy']);
  });

  it('are a move where every redirect is permanent and leads elsewhere than before', () => {
    assert.deepEqual(kinds('archived', 'archived', {}, { moved: true }), ['moved']);
    const again = stateChanges({
      before: { moved: true, finalUrl: 'https://a.example/x', code: 'archived' } as Archival,
      after: { moved: true, finalUrl: 'https://a.example/x', code: 'archived', checkedAt: AT } as Archival,
      datasetId: 'd1',
      settled: true,
      transitions: [],
      stored: null,
      derived: [],
      missing: null,
      suspects: [],
    });
    assert.deepEqual(again, []);
  });

  it('name each copy, also of files behind a page, and one that the store has lost', () => {
    assert.deepEqual(kinds('not-data', 'not-data', { derived: ['k1', 'k2'] }), ['copy', 'copy']);
    assert.deepEqual(kinds('archived', 'archived', { stored: 'k', missing: 'old' }), ['missing', 'copy']);
  });
});
