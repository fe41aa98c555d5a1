import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectStore } from '../../plugin/store/objectStore.ts';
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

describe('an object storage that is asked for many copies', () => {
  /** A service that counts what it is asked; a page of its list holds a thousand. */
  class Service {
    heads = 0;
    pages = 0;
    readonly #there: readonly string[];
    readonly #unlisted: ReadonlySet<string>;

    constructor(there: readonly string[], unlisted: readonly string[] = []) {
      this.#there = there;
      this.#unlisted = new Set(unlisted);
    }

    async facts(key: string) {
      this.heads += 1;
      return this.#there.includes(key) ? { bytes: 1, stage: null } : null;
    }

    async *list(prefix: string) {
      const found = this.#there.filter((key) => key.startsWith(prefix) && !this.#unlisted.has(key));
      for (const [number, key] of found.entries()) {
        if (number % 1000 === 0) this.pages += 1;
        yield key;
      }
    }
  }

  async function ask(service: Service, keys: readonly string[]) {
    const unused = () => assert.fail('not asked for');
    const rest = { name: 's3', place: 'bucket', open: unused, put: unused, startParts: unused, read: unused };
    const never = { replace: unused, remove: unused, probe: unused, dropUploads: unused, close: unused };
    const store = new ObjectStore({
      ...rest,
      ...never,
      facts: (key) => service.facts(key),
      list: (prefix) => service.list(prefix),
    });
    const found = await store.hasMany(keys);
    return { found: [...found].sort(), heads: service.heads, pages: service.pages };
  }

  it('lists what lies close together in time, and asks only for what the list does not show', async () => {
    const there = KEYS.filter(isThere);
    const { length } = KEYS.filter((key) => !isThere(key));
    assert.deepEqual(await ask(new Service(there), KEYS), { found: [...there].sort(), heads: length, pages: 1 });
  });

  it('asks for each where few lie together', async () => {
    const keys = Array.from({ length: 50 }, (_, number) => `archive/20260102T03${10 + number}05Z/r/a.csv`);
    const { found, heads, pages } = await ask(new Service(keys), keys);
    assert.deepEqual([found.length, heads, pages], [50, 50, 0]);
  });

  it('takes together what a slow sweep wrote within a minute', async () => {
    const keys = Array.from({ length: 40 }, (_, number) => `archive/20260102T0304${10 + number}Z/r/a.csv`);
    assert.deepEqual(await ask(new Service(keys), keys), { found: keys, heads: 0, pages: 1 });
  });

  it('leaves a list that is longer than asking for each would cost, and believes no list that lacks a key', async () => {
    const others = Array.from({ length: 5000 }, (_, number) => `archive/20260102T030405Z/a${number}/a.csv`);
    const keys = KEYS.slice(0, 20);
    const crowded = await ask(new Service([...others, ...keys]), keys);
    assert.deepEqual(crowded, { found: [...keys].sort(), heads: 20, pages: 1 });
    const late = await ask(new Service(keys, [keys[3] ?? '']), keys);
    assert.deepEqual(late, { found: [...keys].sort(), heads: 1, pages: 1 });
  });
});
