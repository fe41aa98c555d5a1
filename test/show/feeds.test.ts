import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseAtomFeed, parseJsonFeed } from 'feedsmith';
import { ShownPortal } from '../support/shownPortal.ts';

const HOSTILE = 'x ]]> <script>alert(1)</script> & \u202e "quoted"\u0007';

/** Atom's titles are HTML here. */
const textOfHtml = (html = ''): string =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

describe('the feeds of new versions', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
    await portal.database.knex('package').insert([
      { id: 'd1', name: 'one', title: HOSTILE, private: false },
      { id: 'd2', name: 'two', title: null, private: false },
    ]);
  });
  afterEach(() => portal.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    portal.agent().get(path).set(headers).buffer(true);
  const textOf = async (path: string, headers = {}) =>
    (
      await get(path, headers)
        .parse((response, done) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => done(null, Buffer.concat(chunks).toString()));
        })
        .expect(200)
    ).body;

  async function twoVersions(): Promise<void> {
    portal.files.set('/one.csv', { body: 'a\n1\n' });
    portal.files.set('/two.csv', { body: 'b\n2\n' });
    await portal.archived('r1', '/one.csv', 'd1');
    await portal.archived('r2', '/two.csv', 'd2');
    await portal.archived('hidden', '/two.csv', 'secret');
    await portal.database.knex('resource').where({ id: 'r1' }).update({ name: HOSTILE });
    portal.files.set('/one.csv', { body: 'a\n1\n2\n' });
    const { body } = await portal.agent().post('/resources/r1/archive').set('Authorization', 'admin').expect(202);
    await portal.ended(body.id);
  }

  it('are Atom and JSON Feed with the copies before and after, whatever the names, and nothing of private datasets', async () => {
    await twoVersions();
    const atom = parseAtomFeed(await textOf('/feed.atom'));
    const titles = atom.entries?.map(({ title }) => textOfHtml(title?.value)) ?? [];
    assert.deepEqual(
      titles.map((title) => title.replace(/^.*: /, '')),
      ['a new version', 'the first version', 'the first version'],
    );
    assert.match(titles[0] ?? '', /^x \]\]> <script>alert\(1\)<\/script> & .*"quoted"/);
    assert.ok(!['\u202e', '\u0007'].some((character) => titles[0]?.includes(character)));
    const [newest] = atom.entries ?? [];
    assert.equal(String(newest?.content?.value).match(/<a href="[^"]+\/archive\/[^"]+">/g)?.length, 2);

    const json = parseJsonFeed(JSON.parse(await textOf('/feed.json')));
    assert.deepEqual(
      json.items?.map(({ title }) => title),
      titles,
    );
    const [item] = JSON.parse(await textOf('/feed.json')).items;
    assert.deepEqual([item._archiver.previous.bytes, item._archiver.version.bytes], [4, 6]);
    const all = parseAtomFeed(await textOf('/feed.atom', { Authorization: 'admin' }));
    assert.equal(all.entries?.length, 4);
  });

  it('exist for one dataset by its id or name, and not for one that the caller may not see', async () => {
    await twoVersions();
    for (const name of ['d1', 'one']) {
      const { entries } = parseAtomFeed(await textOf(`/datasets/${name}/feed.atom`));
      assert.equal(entries?.length, 2);
    }
    assert.equal(parseJsonFeed(JSON.parse(await textOf('/datasets/d2/feed.json'))).items?.length, 1);
    await get('/datasets/secret/feed.atom').expect(404);
    await get('/datasets/secret/feed.json').set('Authorization', 'admin').expect(200);
    await get('/datasets/none/feed.json').expect(404);
  });

  it('are kept by the caller alone, and not sent again while nothing is new', async () => {
    await twoVersions();
    const { headers } = await get('/feed.atom').expect(200);
    assert.equal(headers['cache-control'], 'private, max-age=300');
    const known = { 'If-None-Match': `W/"x", ${headers.etag}` };
    await get('/feed.atom', known).expect(304);
    await get('/feed.atom', { ...known, Authorization: 'admin' }).expect(200);
  });
});
