import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const CSV = 'a,b\n1,2\n3,4\n';

describe('the routes of copies', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open({ site: 'http://portal.example/data' });
    portal.files.set('/one.csv', { body: CSV });
    await portal.archived('r1', '/one.csv');
    await portal.archived('hidden', '/one.csv', 'secret');
  });
  after(() => portal.close());

  const keyOf = async (id: string) => (await recordsIn(portal.database.knex).copies.newest(id))?.key ?? '';
  const get = async (id: string) => portal.agent().get(`/${await keyOf(id)}`);
  const etag = `"${createHash('sha256').update(CSV).digest('hex')}"`;

  test('serve an attachment that can never run in the portal', async () => {
    const answer = await get('r1');
    assert.equal(answer.status, 200);
    assert.equal(answer.text, CSV);
    const { headers } = answer;
    assert.equal(headers['content-disposition'], 'attachment; filename=one.csv');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['content-security-policy'], 'sandbox');
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
    assert.equal(headers['content-length'], '12');
    assert.equal(headers['accept-ranges'], 'bytes');
    assert.equal(headers.etag, etag);
    assert.equal(headers['cache-control'], 'public, max-age=300');
    assert.equal(headers['set-cookie'], undefined);
  });

  test('serve what a browser would run as bytes without a type', async () => {
    const bodies = {
      '/feed.xml': ['application/rss+xml', '<?xml version="1.0"?><rss version="2.0"><channel/></rss>'],
      '/map.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    } as const;
    for (const [path, [type, body]] of Object.entries(bodies)) {
      portal.files.set(path, { body, headers: { 'Content-Type': type } });
      await portal.archived(path.slice(1), path);
      const { headers, status } = await get(path.slice(1));
      assert.deepEqual([status, headers['content-type']], [200, 'application/octet-stream'], path);
    }
  });

  test('answer HEAD with the same head and no body', async () => {
    const answer = await portal.agent().head(`/${await keyOf('r1')}`);
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.headers.etag], [200, '12', etag]);
    assert.equal(answer.text, undefined);
  });

  test('answer a condition with 304 when nothing changed', async () => {
    const ask = async (headers: Record<string, string>) =>
      (
        await portal
          .agent()
          .get(`/${await keyOf('r1')}`)
          .set(headers)
      ).status;
    const { headers } = await get('r1');
    assert.equal(await ask({ 'If-None-Match': etag }), 304);
    assert.equal(await ask({ 'If-None-Match': `"x", W/${etag}` }), 304);
    assert.equal(await ask({ 'If-None-Match': '*' }), 304);
    assert.equal(await ask({ 'If-None-Match': '"x"' }), 200);
    assert.equal(await ask({ 'If-Modified-Since': headers['last-modified'] ?? '' }), 304);
    assert.equal(await ask({ 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' }), 200);
    assert.equal(await ask({ 'If-None-Match': '"x"', 'If-Modified-Since': headers['last-modified'] ?? '' }), 200);
  });

  for (const [range, status, body, contentRange] of [
    ['bytes=0-2', 206, 'a,b', 'bytes 0-2/12'],
    ['bytes=4-', 206, '1,2\n3,4\n', 'bytes 4-11/12'],
    ['bytes=-4', 206, '3,4\n', 'bytes 8-11/12'],
    ['bytes=8-999', 206, '3,4\n', 'bytes 8-11/12'],
    ['bytes=0-0,4-4', 200, CSV, undefined],
    ['lines=1-2', 200, CSV, undefined],
    ['bytes=9-1', 200, CSV, undefined],
    ['bytes=-13', 206, CSV, 'bytes 0-11/12'],
    ['bytes=-99999999999999999999', 206, CSV, 'bytes 0-11/12'],
    ['BYTES=0-2', 206, 'a,b', 'bytes 0-2/12'],
    ['bytes=a-b', 200, CSV, undefined],
    ['bytes=-', 200, CSV, undefined],
  ] as const) {
    test(`answer Range: ${range} with ${status}`, async () => {
      const answer = await portal
        .agent()
        .get(`/${await keyOf('r1')}`)
        .set('Range', range);
      assert.deepEqual([answer.status, answer.text, answer.headers['content-range']], [status, body, contentRange]);
      assert.equal(answer.headers['content-length'], String(body.length));
    });
  }

  test('answer a range beyond the end with 416 and the size, as a problem that nobody keeps', async () => {
    const answer = await portal
      .agent()
      .get(`/${await keyOf('r1')}`)
      .set('Range', 'bytes=12-');
    assert.deepEqual([answer.status, answer.headers['content-range']], [416, 'bytes */12']);
    assert.equal(answer.body.code, 'range-not-satisfiable');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers.etag, undefined);
    assert.equal(answer.headers['content-disposition'], undefined);
  });

  test('answer a range of the last no bytes with 416, and none to HEAD, which has no parts', async () => {
    const path = `/${await keyOf('r1')}`;
    assert.equal((await portal.agent().get(path).set('Range', 'bytes=-0')).status, 416);
    const { status, headers } = await portal.agent().head(path).set('Range', 'bytes=0-2');
    assert.deepEqual([status, headers['content-length'], headers['content-range']], [200, '12', undefined]);
  });

  test('answer with 412 who expects another version', async () => {
    const ask = async (name: string, value: string) =>
      portal
        .agent()
        .get(`/${await keyOf('r1')}`)
        .set(name, value);
    const { headers } = await get('r1');
    assert.equal((await ask('If-Match', `"x", ${etag}`)).status, 200);
    assert.equal((await ask('If-Match', '*')).status, 200);
    assert.equal((await ask('If-Unmodified-Since', headers['last-modified'] ?? '')).status, 200);
    assert.equal((await ask('If-Unmodified-Since', 'Mon, 01 Jan 2001 00:00:00 GMT')).status, 412);
    const { status, body } = await ask('If-Match', '"x"');
    assert.deepEqual([status, body.code], [412, 'precondition-failed']);
  });

  test('send the whole when If-Range names another version', async () => {
    const ask = async (ifRange: string) =>
      (
        await portal
          .agent()
          .get(`/${await keyOf('r1')}`)
          .set('Range', 'bytes=0-2')
          .set('If-Range', ifRange)
      ).status;
    assert.equal(await ask(etag), 206);
    assert.equal(await ask('"another"'), 200);
    assert.equal(await ask(`W/${etag}`), 200);
  });

  test('show the copy of a private dataset only to who may see it, and let no cache share it (G24)', async () => {
    const path = `/${await keyOf('hidden')}`;
    const denied = await portal.agent().get(path);
    assert.deepEqual([denied.status, denied.body.code], [404, 'not-found']);
    const shown = await portal.agent().get(path).set('Authorization', 'admin');
    assert.deepEqual([shown.status, shown.text], [200, CSV]);
    assert.equal(shown.headers['cache-control'], 'private, no-store');
    assert.equal(shown.headers['cross-origin-resource-policy'], 'same-origin');
  });

  test('never share a private copy, whatever lets the visitor in', async () => {
    const { authorize } = portal;
    portal.authorize = () => true;
    const { headers } = await get('hidden');
    portal.authorize = authorize;
    assert.equal(headers['cache-control'], 'private, no-store');
  });

  test('keep serving an earlier version when the file has changed', async () => {
    portal.files.set('/changing.csv', { body: 'x,y\n1,1\n' });
    await portal.archived('r2', '/changing.csv');
    const first = await keyOf('r2');
    portal.files.set('/changed.csv', { body: 'x,y\n2,2\n' });
    await portal.save('r2', '/changed.csv');
    while ((await keyOf('r2')) === first) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await portal.agent().get(`/${first}`)).text, 'x,y\n1,1\n');
    assert.equal((await get('r2')).text, 'x,y\n2,2\n');
  });

  test('are found under the cache_url of a name with spaces, special characters and other scripts (G13)', async () => {
    for (const [index, name] of ['a b.csv', '100%.csv', 'a#b?c.csv', 'größe.csv', '数据.csv', "it's.csv"].entries()) {
      portal.files.set(`/${name}`, { body: `n\n${name}\n` });
      const id = `odd${index}`;
      await portal.archived(id, `/${encodeURIComponent(name)}`);
      const row = await portal.database.knex('resource').where({ id }).first();
      const prefix = 'http://portal.example/data/archiver/archive/';
      assert.ok(row.cache_url.startsWith(prefix), row.cache_url);
      assert.ok(URL.canParse(row.cache_url));
      const path = new URL(row.cache_url).pathname.slice('/data/archiver'.length);
      const answer = await portal.agent().get(path);
      assert.deepEqual([answer.status, answer.text], [200, `n\n${name}\n`], row.cache_url);
    }
  });

  test('never lead out of the archive', async () => {
    for (const path of [
      '/archive/../package.json',
      '/archive/..%2f..%2fetc%2fpasswd',
      '/archive/%2e%2e/%2e%2e/etc/passwd',
      '/archive//etc/passwd',
      '/archive/%00',
      '/archive/.stage/x',
      '/archive/',
      '/archive',
    ]) {
      const { status } = await portal.agent().get(path);
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    }
  });

  test('are an error that nobody keeps when the bytes are gone from the store', async () => {
    portal.files.set('/lost.csv', { body: CSV });
    await portal.archived('lost', '/lost.csv');
    await rm(join(portal.folder, await keyOf('lost')));
    for (const answer of [await get('lost'), await portal.agent().head(`/${await keyOf('lost')}`)]) {
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers.etag, undefined);
      assert.equal(answer.headers['content-disposition'], undefined);
    }
  });
});
