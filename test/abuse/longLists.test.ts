import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { describeDataset, pageOfDataset } from '../../plugin/show/datasets.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const RESOURCES = 50_000;
const COPIES = 250;
const RUNS = 250;

describe('lists that grew long', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open();
    const { knex } = portal.database;
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('00000', '/one.csv', 'big');
    await knex.raw(
      `insert into resource (id, package_id, url, name)
       select lpad(n::text, 5, '0'), 'big', 'http://data.invalid/' || n, n from generate_series(1, ?) as n`,
      [RESOURCES - 1],
    );
    await knex.raw(
      `insert into archiver.copy (resource_id, dataset_id, key, bytes, md5, sha256, media_type, format, charset, filename,
         url, final_url, stored_at)
       select resource_id, dataset_id, 'archive/20200101T000000Z/00000/' || n, bytes, md5, sha256, media_type, format,
         charset, filename, url, final_url, timestamptz '2020-01-01' + interval '1 second' * (n / 2)
       from archiver.copy, generate_series(1, ?) as n`,
      [COPIES - 1],
    );
    await knex.raw(
      `insert into archiver.run (kind, lane, state, total, done, created_at, ended_at)
       select 'sweep', 'bulk', 'done', 1, 1, timestamptz '2020-01-01' + interval '1 second' * (n / 2), now()
       from generate_series(1, ?) as n`,
      [RUNS],
    );
  });
  after(() => portal.close());

  const get = (path: string) => portal.agent().get(path).set('Authorization', 'admin');
  const pathOf = (url: string) => url.replace('http://portal.example/archiver', '');

  /** Every entry of a list, page by page, and how many pages there were. */
  async function readAll(first: string, list: string, link: string, name: string) {
    const names: string[] = [];
    let pages = 0;
    for (let path: string | null = first; path !== null; pages++) {
      const answer: { readonly body: Readonly<Record<string, unknown>> } = await get(path).expect(200);
      const entries: Record<string, string>[] = Object(answer.body[list]);
      names.push(...entries.map((entry) => entry[name] ?? ''));
      const next: unknown = answer.body[link];
      path = typeof next === 'string' ? pathOf(next) : null;
    }
    return { names, pages };
  }

  test('show a dataset of 50,000 resources by its first hundred, and where the others are', async () => {
    const queries: string[] = [];
    const note = ({ sql }: { sql: string }) => void queries.push(sql);
    portal.database.knex.on('query', note);
    const { body, text } = await get('/datasets/big').expect(200);
    portal.database.knex.off('query', note);
    assert.equal(body.resources.length, 100);
    assert.equal(body.next, 'http://portal.example/archiver/datasets/big?limit=100&after=00099');
    assert.ok(text.length < 200_000, `${text.length} characters`);
    const reading = queries.filter((sql) => /from "resource"/.test(sql));
    assert.ok(
      reading.every((sql) => sql.includes('limit')),
      'nothing reads them all',
    );
  });

  test('show each resource once, in the order of ids', async () => {
    const { names, pages } = await readAll('/datasets/big?limit=1000', 'resources', 'next', 'id');
    assert.equal(pages, RESOURCES / 1000);
    assert.equal(new Set(names).size, RESOURCES);
    assert.deepEqual(names, names.toSorted());
  });

  test('show the newest copies of a resource, and each once when somebody goes on', async () => {
    const { body } = await get('/datasets/big').expect(200);
    assert.equal(body.resources[0].copies.length, 10);
    assert.equal(body.resources[1].moreCopies, null);
    const rest = await readAll(pathOf(body.resources[0].moreCopies), 'copies', 'moreCopies', 'key');
    assert.equal(rest.names.length, COPIES - 10);
    const all = await readAll('/resources/00000', 'copies', 'moreCopies', 'key');
    assert.deepEqual([all.names.length, new Set(all.names).size, all.pages], [COPIES, COPIES, 3]);
    assert.deepEqual(all.names.slice(10), rest.names);
  });

  test('show each run once, the newest first, also of one moment', async () => {
    const { names } = await readAll('/runs?limit=7', 'runs', 'next', 'id');
    assert.deepEqual([names.length, new Set(names).size], [RUNS, RUNS]);
  });

  test('answer what is no page with 400, and a page after nothing with an empty one', async () => {
    for (const query of ['limit=0', 'limit=-1', 'limit=1001', 'limit=x', 'limit=1e2', 'limit=', 'after=', 'after=%00'])
      for (const path of ['/runs', '/resources/00000', '/datasets/big']) {
        const { status, body } = await get(`${path}?${query}`);
        assert.deepEqual([status, body.code], [400, 'invalid-request'], `${path}?${query}`);
      }
    assert.deepEqual((await get('/runs?after=none').expect(200)).body, { runs: [], next: null });
    assert.deepEqual((await get('/resources/00000?after=none').expect(200)).body.copies, []);
  });
});

test('a portal that reads datasets whole has pages too', async () => {
  const resources = ['c', 'a', 'b'].map((id) => ({
    id,
    datasetId: 'd',
    url: '',
    name: null,
    format: null,
    urlType: null,
  }));
  const dataset = { id: 'd', name: 'd', title: null, private: false, resources };
  const catalog = { getDataset: async (id: string) => (id === 'd' ? dataset : null) };
  const page = async (limit: number, from: string | null) => {
    const { entries, next } = await pageOfDataset(catalog, 'd', { limit, after: from });
    return [entries.map(({ id }) => id), next];
  };
  assert.deepEqual(await page(2, null), [['a', 'b'], 'b']);
  assert.deepEqual(await page(2, 'b'), [['c'], null]);
  assert.deepEqual(await page(3, null), [['a', 'b', 'c'], null]);
  assert.deepEqual(await describeDataset(catalog, 'none'), null);
});
