import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CSV, fetchOnce, knownOf, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, head, OddServer, send } from '../support/oddServer.ts';

const FILE = answer(200, { 'content-type': 'text/csv' }, CSV);
const to = (code: number, location: string, more: Record<string, string | string[]> = {}) =>
  answer(code, { location, ...more });

describe('redirects', () => {
  for (const code of [301, 302, 303, 307, 308]) {
    it(`follows ${code} and records it`, async () => {
      const server = await OddServer.start({ '/a': to(code, '/b.csv'), '/b.csv': FILE });
      const attempt = await fetchOnce(server, '/a');
      assert.equal(attempt.code, 'archived');
      assert.deepEqual(attempt.redirects, [
        { status: code, from: server.requests[0] && attempt.url, to: attempt.finalUrl },
      ]);
      assert.equal(attempt.moved, code === 301 || code === 308);
      assert.equal(attempt.requests, 2);
    });
  }

  it('calls a link moved only when every hop is permanent', async () => {
    const server = await OddServer.start({ '/a': to(301, '/b'), '/b': to(302, '/c.csv'), '/c.csv': FILE });
    assert.equal((await fetchOnce(server, '/a')).moved, false);
  });

  it('resolves relative, scheme-relative and UTF-8 locations, and drops fragments', async () => {
    const server = await OddServer.start({
      '/d/a': to(302, '../e/b?x=1#frag'),
      '/e/b?x=1': to(302, Buffer.from('/\u00fc.csv', 'utf8').toString('latin1')),
      '/%C3%BC.csv': FILE,
    });
    const attempt = await fetchOnce(server, '/d/a');
    assert.equal(attempt.code, 'archived', attempt.reason);
    assert.deepEqual(
      server.requests.map((request) => request.path),
      ['/d/a', '/e/b?x=1', '/%C3%BC.csv'],
    );
  });

  it('keeps the bytes of a location that is in no encoding it knows, and a last byte that looks like a space', async () => {
    const server = await OddServer.start({
      '/a': to(302, '/\xfc.csv'),
      '/%FC.csv': to(302, Buffer.from('/\u00e0', 'utf8').toString('latin1')),
      '/%C3%A0': FILE,
    });
    const attempt = await fetchOnce(server, '/a');
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 3]);
  });

  it('finds a circle, and keeps the final URL', async () => {
    const server = await OddServer.start({ '/a': to(302, '/b'), '/b': to(302, '/a') });
    const attempt = await fetchOnce(server, '/a');
    assert.deepEqual([attempt.kind, attempt.code, attempt.requests], ['failed', 'redirect-loop', 2]);
    assert.match(attempt.finalUrl ?? '', /\/b$/);
  });

  it('goes round once more when a cookie was set on the way', async () => {
    const server = await OddServer.start({
      '/a': [to(302, '/a', { 'set-cookie': 'seen=1' }), FILE],
    });
    const attempt = await fetchOnce(server, '/a');
    assert.equal(attempt.code, 'archived');
    assert.equal(server.requests[1]?.headers.cookie, 'seen=1');
  });

  it('sends no secure cookie without TLS, also not to this machine', async () => {
    const server = await OddServer.start({ '/a': to(302, '/b.csv', { 'set-cookie': 's=1; Secure' }), '/b.csv': FILE });
    assert.equal((await fetchOnce(server, '/a')).code, 'archived');
    assert.equal(server.requests[1]?.headers.cookie, undefined);
  });

  it('follows ten redirects and no eleventh', async () => {
    const script = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`/${index}`, to(302, `/${index + 1}`)]),
    );
    const eleven = await OddServer.start({ ...script, '/11': FILE });
    const attempt = await fetchOnce(eleven, '/0');
    assert.deepEqual([attempt.code, attempt.requests], ['redirect-loop', 11]);
    const ten = await OddServer.start({ ...script, '/11': FILE });
    assert.equal((await fetchOnce(ten, '/1')).code, 'archived');
  });

  for (const [title, headers] of [
    ['without Location', {}],
    ['with an empty Location', { location: '' }],
    ['to another scheme', { location: 'ftp://127.0.0.1/x' }],
    ['to a file', { location: 'file:///etc/passwd' }],
    ['to a script', { location: 'javascript:alert(1)' }],
    ['to no host', { location: 'http://' }],
    ['to two places', { location: ['/a', '/b'] }],
  ] as const) {
    it(`calls a redirect ${title} bad`, async () => {
      const server = await OddServer.start({ '/a': answer(302, headers) });
      const attempt = await fetchOnce(server, '/a');
      assert.deepEqual([attempt.kind, attempt.code, attempt.status], ['failed', 'bad-redirect', 302]);
    });
  }

  it('keeps the chain when a redirect leads to a blocked address, and counts only what was sent', async () => {
    const server = await OddServer.start({ '/a': to(301, 'http://10.0.0.1/x.csv') });
    const attempt = await fetchOnce(server, '/a');
    assert.deepEqual([attempt.kind, attempt.code, attempt.requests], ['refused', 'blocked-address', 1]);
    assert.deepEqual(
      attempt.redirects.map((hop) => hop.to),
      ['http://10.0.0.1/x.csv'],
    );
    assert.equal(attempt.finalUrl, 'http://10.0.0.1/x.csv');
  });

  it('cuts an endless body of a redirect short', async () => {
    const server = await OddServer.start({
      '/a': (socket) => {
        socket.write(head(302, { location: '/b.csv', 'transfer-encoding': 'chunked' }));
        const more = () => {
          if (!socket.destroyed) socket.write('5\r\nhello\r\n', () => setImmediate(more));
        };
        more();
      },
      '/b.csv': FILE,
    });
    assert.equal((await fetchOnce(server, '/a')).code, 'archived');
  });

  it('shows credentials of the URL to its own origin only, and to nobody in the result', async () => {
    const other = await OddServer.start({ '/b.csv': FILE });
    const server = await OddServer.start({ '/a': to(302, other.url('/b.csv'), { 'set-cookie': 'session=1' }) });
    const fetcher = testFetcher();
    const url = server.url('/a').replace('http://', 'http://user:s%20cret@');
    const attempt = await fetcher.fetch(requestFor(url), null, new AbortController().signal);
    await fetcher.close();
    await Promise.all([server.stop(), other.stop()]);
    const basic = `Basic ${Buffer.from('user:s cret').toString('base64')}`;
    assert.equal(server.requests[0]?.headers.authorization, basic);
    assert.deepEqual(
      [other.requests[0]?.headers.authorization, other.requests[0]?.headers.cookie],
      [undefined, undefined],
    );
    assert.doesNotMatch(JSON.stringify(attempt), /s%20cret|s cret/);
  });

  it('sends validators along to the same origin, and to no other', async () => {
    const other = await OddServer.start({ '/b.csv': FILE });
    const server = await OddServer.start({
      '/a': to(302, '/same.csv'),
      '/same.csv': send('HTTP/1.1 304 Not Modified\r\n\r\n'),
      '/c': to(302, other.url('/b.csv')),
    });
    const fetcher = testFetcher();
    const ask = (path: string) =>
      fetcher.fetch(
        requestFor(server.url(path), { known: knownOf(server.url(path), { headers: { etag: '"1"' } }) }),
        null,
        new AbortController().signal,
      );
    const same = await ask('/a');
    await ask('/c');
    await fetcher.close();
    await Promise.all([server.stop(), other.stop()]);
    assert.equal(same.code, 'not-modified');
    assert.equal(other.requests[0]?.headers['if-none-match'], undefined);
  });

  it('sends validators to the URL that gave them when that is known', async () => {
    const server = await OddServer.start({ '/a': to(302, '/v2.csv'), '/v2.csv': FILE });
    const known = { ...knownOf(server.url('/a'), { headers: { etag: '"1"' } }), finalUrl: server.url('/v1.csv') };
    const attempt = await fetchOnce(server, '/a', { request: { known } });
    assert.equal(attempt.code, 'archived');
    assert.ok(server.requests.every((request) => request.headers['if-none-match'] === undefined));
  });
});
