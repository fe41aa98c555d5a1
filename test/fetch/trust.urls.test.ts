import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUrl } from '../../plugin/fetch/http/parseUrl.ts';
import { CSV, fetchOnce, knownOf, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

const FILE = answer(200, { etag: '"1"' }, CSV);
const BAD = answer(400, {});
const pathsOf = (server: OddServer) => server.requests.map(({ path }) => path);

describe('a URL that a server answers with 400', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['/f.csv?q=a|b', '/f.csv?q=a%7Cb'],
    ['/f.csv?a[]=1&b={x}^`', '/f.csv?a%5B%5D=1&b=%7Bx%7D%5E%60'],
    ['/x|y[1].csv', '/x%7Cy%5B1%5D.csv'],
  ];
  for (const [raw, escaped] of spellings) {
    it(`is asked for once more with its characters escaped: ${raw}`, async () => {
      const server = await OddServer.start({ [raw]: BAD, [escaped]: FILE });
      const finalUrl = server.url(escaped);
      const attempt = await fetchOnce(server, raw);
      assert.deepEqual([attempt.code, attempt.requests, attempt.moved], ['archived', 2, false]);
      assert.equal(attempt.finalUrl, finalUrl);
      assert.deepEqual(pathsOf(server), [raw, escaped]);
    });
  }

  it('is asked for once more behind a redirect too', async () => {
    const server = await OddServer.start({
      '/a': answer(302, { location: '/b?q=a|b' }),
      '/b?q=a|b': BAD,
      '/b?q=a%7Cb': FILE,
    });
    const attempt = await fetchOnce(server, '/a');
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 3]);
  });

  it('is asked for in the spelling that worked from then on, with its conditions', async () => {
    const server = await OddServer.start({ '/f?a|b': BAD, '/f?a%7Cb': answer(304, { etag: '"1"' }) });
    const finalUrl = server.url('/f?a%7Cb');
    const known = knownOf(server.url('/f?a|b'), { finalUrl, headers: { etag: '"1"' } });
    assert.equal((await fetchOnce(server, '/f?a|b', { request: { known } })).code, 'not-modified');
    assert.deepEqual(pathsOf(server), ['/f?a%7Cb']);
  });

  it('is asked for as it is written where the spelling that worked works no more', async () => {
    const server = await OddServer.start({ '/f?a|b': FILE, '/f?a%7Cb': BAD });
    const known = knownOf(server.url('/f?a|b'), { finalUrl: server.url('/f?a%7Cb') });
    const attempt = await fetchOnce(server, '/f?a|b', { request: { known } });
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 2]);
  });

  it('stays what it is after a second 400', async () => {
    const server = await OddServer.start({ '*': BAD });
    const attempt = await fetchOnce(server, '/f?a|b');
    assert.deepEqual([attempt.code, attempt.status, attempt.broken, attempt.requests], ['http-error', 400, true, 2]);
  });

  for (const path of ['/f.csv?q=a%7Cb', '/f.csv?q=1&r=x', "/f'(1)!*.csv"]) {
    it(`is not asked for again where nothing is to be escaped: ${path}`, async () => {
      const server = await OddServer.start({ '*': BAD });
      assert.equal((await fetchOnce(server, path)).requests, 1);
    });
  }

  it('is never respelled where the server takes it as it is', async () => {
    const server = await OddServer.start({ '/f?a|b': FILE });
    const attempt = await fetchOnce(server, '/f?a|b');
    assert.deepEqual([attempt.code, pathsOf(server)], ['archived', ['/f?a|b']]);
  });
});

describe('a URL with two schemes', () => {
  for (const url of [
    'http://http://x/a.csv',
    'https://http//x/a.csv',
    'http:\\\\https:\\\\x',
    'HTTP://HTTPS:/x/a.csv',
  ]) {
    it(`is invalid, and says so: ${url}`, async () => {
      const fetcher = testFetcher();
      const attempt = await fetcher.fetch(requestFor(url), null, new AbortController().signal);
      await fetcher.close();
      assert.deepEqual([attempt.code, attempt.requests], ['invalid-url', 0]);
      assert.match(attempt.reason, /^The URL has two schemes: https?:\/\/ and then https? again\.$/);
    });
  }

  for (const url of [
    'http://http/a',
    'http://http.example//a',
    'http://http:8080/a',
    'https://web.example/http://x/a',
  ]) {
    it(`is not seen in ${url}`, () => assert.equal(parseUrl(url).kind, 'ok'));
  }
});

describe('a scheme with digits behind it', () => {
  for (const url of ['ftp:21', 'javascript:1', 'file:1', 'sftp:22/x', 'WS:80']) {
    it(`cannot be fetched: ${url}`, () => {
      const parsed = parseUrl(url);
      assert.equal(parsed.kind === 'invalid' && parsed.code, 'unsupported-scheme');
    });
  }

  for (const url of ['localhost:8080/x', 'myhost:80', 'data.example:443/x']) {
    it(`is a host with its port: ${url}`, () => {
      const parsed = parseUrl(url);
      assert.equal(parsed.kind === 'invalid' && parsed.code, 'invalid-url');
    });
  }
});
