import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resource } from '../../plugin/model/resource.ts';
import { ResourceReader } from '../../plugin/portal/resourceReader.ts';

const resource = (id: string): Resource => ({ id, datasetId: 'd', url: id, name: null, format: null, urlType: null });

describe('resources read in groups', () => {
  it('asks once for those who ask together, and again for those who ask while it reads', async () => {
    const asked: (readonly string[])[] = [];
    const reader = new ResourceReader({
      getResource: async () => assert.fail(),
      getResources: async (ids) => {
        asked.push(ids);
        return ids.filter((id) => id !== 'gone').map(resource);
      },
    });
    const first = Promise.all(['a', 'gone', 'a'].map((id) => reader.read(id)));
    await new Promise(setImmediate);
    const second = reader.read('b');
    assert.deepEqual(await first, [resource('a'), null, resource('a')]);
    assert.deepEqual(await second, resource('b'));
    assert.deepEqual(asked, [['a', 'gone'], ['b']]);
  });

  it('tells all of a group that the portal failed, and goes on', async () => {
    let isAway = true;
    const reader = new ResourceReader({
      getResource: async () => assert.fail(),
      getResources: async (ids) => {
        if (isAway) throw new Error('away');
        return ids.map(resource);
      },
    });
    const failed = await Promise.allSettled([reader.read('a'), reader.read('b')]);
    assert.deepEqual(
      failed.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    isAway = false;
    assert.deepEqual(await reader.read('a'), resource('a'));
  });

  it('asks a portal that knows no groups for each', async () => {
    const reader = new ResourceReader({ getResource: async (id) => resource(id) });
    assert.deepEqual(await reader.read('a'), resource('a'));
  });

  it('reads those of a slice ahead in one query, each for one reader and for a moment only', async () => {
    const asked: (readonly string[])[] = [];
    let elapsedMs = 0;
    const catalog = {
      getResource: async () => assert.fail(),
      getResources: async (ids: readonly string[]) => {
        asked.push(ids);
        return ids.map(resource);
      },
    };
    const reader = new ResourceReader(catalog, () => elapsedMs);
    reader.readAhead(['a', 'b', 'c']);
    assert.deepEqual(await reader.read('a'), resource('a'));
    assert.deepEqual(await reader.read('b'), resource('b'));
    assert.deepEqual(asked, [['a', 'b', 'c']]);
    await reader.read('a');
    elapsedMs = 60_000;
    await reader.read('c');
    assert.deepEqual(asked, [['a', 'b', 'c'], ['a'], ['c']]);
  });

  it('reads many in a few queries, or each where the portal has no query for many', async () => {
    const asked: number[] = [];
    const ids = Array.from({ length: 501 }, (_, index) => `r${index}`);
    const there = (id: string) => (id === 'r7' ? null : resource(id));
    const getResources = async (some: readonly string[]) => {
      asked.push(some.length);
      return some.flatMap((id) => there(id) ?? []);
    };
    const grouped = new ResourceReader({ getResource: async () => assert.fail(), getResources });
    const single = new ResourceReader({ getResource: async (id) => there(id) });
    const found = await grouped.readAll(ids);
    assert.deepEqual(asked, [500, 1]);
    assert.deepEqual([found.size, found.has('r7'), found.get('r500')], [500, false, resource('r500')]);
    assert.deepEqual(await single.readAll(ids), found);
  });
});
