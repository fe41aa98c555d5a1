import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { presentKeys } from '../../plugin/store/presentKeys.ts';

const KEYS = Array.from({ length: 100 }, (_, number) => `archive/20260102T030405Z/r${number}/a.csv`);
const isThere = (key: string) => !key.includes('7');

describe('which copies a store still has', () => {
  it('is asked of a store that answers one at a time for a few at the same time', async () => {
    let asking = 0;
    let most = 0;
    const size = async (key: string) => {
      asking += 1;
      most = Math.max(most, asking);
      await new Promise(setImmediate);
      asking -= 1;
      return isThere(key) ? 1 : null;
    };
    assert.deepEqual([...(await presentKeys({ size }, KEYS))].sort(), KEYS.filter(isThere).sort());
    assert.equal(most, 16);
  });

  it('is one question where the store takes one', async () => {
    const asked: number[] = [];
    const store = {
      size: () => assert.fail('asked for one'),
      async hasMany(keys: readonly string[]) {
        asked.push(keys.length);
        return new Set(keys.filter(isThere));
      },
    };
    assert.equal((await presentKeys(store, KEYS)).size, KEYS.filter(isThere).length);
    assert.deepEqual(asked, [100]);
  });

  it('is not said where the store fails', async () => {
    const size = async (key: string) => (isThere(key) ? 1 : Promise.reject(new Error('away')));
    await assert.rejects(presentKeys({ size }, KEYS), /away/);
  });
});
