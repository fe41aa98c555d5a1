import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import type { Known } from '../../plugin/model/attempt.ts';
import type { Resource } from '../../plugin/model/resource.ts';
import type { DueAndFresh, FreshAdvance, FreshResource } from '../../plugin/record/Archivals.ts';
import { advanceFresh, type FreshSliceDeps } from '../../plugin/work/fresh/freshSlice.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const UNTIL = new Date('2026-01-03T03:04:05Z');
const HOUR_MS = 3_600_000;

describe('a slice of what is still fresh', () => {
  it('is advanced together, and says of each host what is left there', async () => {
    const recorded: FreshAdvance[] = [];
    const deps = depsOf({ a: [freshOf('a1'), freshOf('a2')], b: [freshOf('b1')] }, { due: 3 }, recorded);
    assert.deepEqual(await advanceFresh(['a', 'b', 'c'], deps), [
      { left: 1, isAll: true },
      { left: 2, isAll: true },
      { left: 0, isAll: true },
    ]);
    assert.deepEqual(
      recorded.map(({ fresh, ...advance }) => ({ id: fresh.resourceId, ...advance })),
      ['a1', 'a2', 'b1'].map((id) => ({
        id,
        datasetId: `dataset of ${id}`,
        freshUntil: UNTIL,
        nextCheckAt: new Date(AT.getTime() + 24 * HOUR_MS),
      })),
    );
  });

  it('says where a host has more that is due than was looked at', async () => {
    const [looked] = await advanceFresh(['a'], depsOf({ a: [] }, { due: 2000 }));
    assert.deepEqual(looked, { left: 2000, isAll: false });
  });

  it('leaves what is gone, has another URL or state, is refused, is to be asked for or whose copy is lost', async () => {
    const recorded: FreshAdvance[] = [];
    const ids = ['asked', 'circular', 'failed', 'fresh', 'gone', 'lost', 'moved'];
    const found = ids.map((id) => ({ ...freshOf(id), ...(id === 'failed' && { code: 'gone' as const }) }));
    const deps = depsOf({ a: found }, { due: ids.length }, recorded);
    const [looked] = await advanceFresh(['a'], {
      ...deps,
      describe: async (asked) => {
        const all = await deps.describe(asked.filter((id) => id !== 'gone'));
        const isMoved = (id: string) => id === 'moved' && { url: 'https://data.example/other.csv' };
        return new Map([...all].map(([id, one]) => [id, { ...one, ...isMoved(id) }]));
      },
      isRefused: ({ id }) => id === 'circular',
      freshUntil: ({ resourceId }) => (resourceId === 'asked' ? null : UNTIL),
      isMissing: async (id) => id === 'lost',
    });
    assert.deepEqual(looked, { left: 6, isAll: true });
    assert.deepEqual(
      recorded.map(({ fresh }) => fresh.resourceId),
      ['fresh'],
    );
  });

  it('asks the store for the copies of a share alone', async () => {
    const asked: string[] = [];
    const turns = [true, false];
    const fresh = [freshOf('r1'), freshOf('r2'), { ...freshOf('r3'), copyId: null }];
    await advanceFresh(['a'], {
      ...depsOf({ a: fresh }, { due: 3 }),
      isChecked: () => turns.shift() ?? true,
      isMissing: async (id) => asked.push(id) === 0,
    });
    assert.deepEqual(asked, ['r1']);
  });

  it('is left to journeys where the database refuses it as data, and fails where it is away', async () => {
    const failing = (code: 'data-refused' | 'database-failed') =>
      advanceFresh(['a'], {
        ...depsOf({ a: [freshOf('r1')] }, { due: 1 }),
        advance: async () => {
          throw new ArchiverError(code, 'no');
        },
      });
    assert.deepEqual(await failing('data-refused'), [{ left: 1, isAll: true }]);
    await assert.rejects(failing('database-failed'), { code: 'database-failed' });
  });
});

function depsOf(
  fresh: Readonly<Record<string, readonly FreshResource[]>>,
  { due }: { readonly due: number },
  recorded: FreshAdvance[] = [],
): FreshSliceDeps {
  const found = Object.entries(fresh).map(([host, some]): [string, DueAndFresh] => [host, { due, fresh: some }]);
  return {
    archivals: { dueAndFreshOf: async () => new Map(found) },
    advance: async (advances) => {
      recorded.push(...advances);
      return advances;
    },
    describe: async (ids) => new Map(ids.map((id) => [id, resourceOf(id)])),
    isRefused: () => false,
    freshUntil: () => UNTIL,
    isChecked: () => true,
    isMissing: async () => false,
    bounds: { minCheckIntervalMs: HOUR_MS, maxCheckIntervalMs: 100 * HOUR_MS },
    random: () => 0.5,
    now: () => AT,
  };
}

const urlOf = (id: string) => `https://data.example/${id}.csv`;

function resourceOf(id: string): Resource {
  return { id, datasetId: `dataset of ${id}`, url: urlOf(id), name: null, format: null, urlType: null };
}

function freshOf(resourceId: string): FreshResource {
  const url = urlOf(resourceId);
  const bytes = { bytes: 1, md5: null, sha256: null };
  const known: Known = { url, storedAt: AT.toISOString(), status: 200, headers: {}, ...bytes, ok: true };
  return {
    resourceId,
    url,
    code: 'archived',
    unchangedCount: 0,
    copyId: 'c',
    requestSeq: 1,
    known,
    token: 1,
    sweepId: null,
  };
}
