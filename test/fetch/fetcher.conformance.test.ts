import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Attempt, FetchRequest } from '../../plugin/model/attempt.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { CSV, fetchOnce, MemoryStages } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose, status } from '../support/oddServer.ts';

// The behaviours that the CKAN archiver's own suites ask for, by their numbers in the list of conformance.

interface Row {
  readonly title: string;
  readonly script?: Readonly<Record<string, Reply | readonly Reply[]>>;
  readonly path?: string;
  /** The whole URL instead of a path of the server. */
  readonly url?: string;
  readonly request?: Partial<FetchRequest>;
  readonly settings?: Partial<Config>;
  readonly expected: Partial<Attempt>;
  readonly reason?: RegExp;
}

const CSV_ANSWER = answer(200, { 'content-type': 'text/csv' }, CSV);
const check = { mode: 'check' } as const;

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const { title: name, script = {}, path = '/f.csv', url, request, settings, expected, reason } of rows) {
      it(name, async () => {
        const server = await OddServer.start(script);
        const asked = { ...request, ...(url === undefined ? {} : { url }) };
        const attempt = await fetchOnce(server, path, { request: asked, settings });
        const found = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(attempt, key)]));
        assert.deepEqual(found, expected, attempt.reason);
        if (reason) assert.match(attempt.reason, reason);
      });
    }
  });
}

const works = { kind: 'refused', code: 'checked-only', requests: 1 } as const;
const archived = { kind: 'fetched', code: 'archived' } as const;
const noRequest = { kind: 'failed', requests: 0, transient: false } as const;

table('checking a link', [
  {
    title: 'C01 a file: URL is no link, and nothing is asked',
    url: 'file:///home/a.csv',
    request: check,
    expected: { ...noRequest, code: 'unsupported-scheme' },
    reason: /file/,
  },
  {
    title: 'C02 http: without slashes is no link',
    url: 'http:www.example.com/a',
    request: check,
    expected: { ...noRequest, code: 'invalid-url' },
  },
  {
    title: 'C03 an unescaped URL within the path and query is accepted',
    script: { '/+/http://example.com/a?url=http://example.com/b?c=d': CSV_ANSWER },
    path: '/+/http://example.com/a?url=http://example.com/b?c=d',
    request: check,
    expected: { ...works, mediaType: 'text/csv', bytes: CSV.length },
  },
  {
    title: 'C04 an empty URL is no link',
    url: '',
    request: check,
    expected: { ...noRequest, code: 'invalid-url' },
  },
  {
    title: 'C05 a link that answers 503 has failed, and may pass',
    script: { '*': send(status(503, 'Service Unavailable')) },
    request: check,
    expected: { kind: 'failed', code: 'http-error', status: 503, transient: true },
    reason: /503 Service Unavailable/,
  },
  {
    title: 'C06 a link that answers 404 is gone',
    script: { '*': send(status(404, 'Not Found')) },
    request: check,
    expected: { kind: 'failed', code: 'gone', status: 404, transient: false },
    reason: /404 Not Found/,
  },
  {
    title: 'C07 a link whose server allows no such method has failed with that phrase; HEAD is never sent',
    script: { '*': send(status(405, 'Method Not Allowed')) },
    request: check,
    expected: { kind: 'failed', code: 'http-error', status: 405 },
    reason: /405 Method Not Allowed/,
  },
  {
    title: 'C08 a link that redirects is alive',
    script: { '/f.csv': send(head(301, { location: '/g.csv', 'content-length': '0' })), '/g.csv': CSV_ANSWER },
    request: check,
    expected: { ...works, requests: 2, status: 200, moved: true },
  },
  {
    title: 'C09 a colon in the query is accepted',
    script: { '/f.csv?time=09:30': CSV_ANSWER },
    path: '/f.csv?time=09:30',
    request: check,
    expected: works,
  },
  {
    title: 'C10 whitespace at the end is trimmed',
    script: { '/f.csv': CSV_ANSWER },
    path: '/f.csv  \n',
    request: check,
    expected: works,
  },
  {
    title: 'C11 a good link gives the headers of its answer',
    script: { '/f.csv': answer(200, { etag: '"e"', 'content-type': 'text/csv' }, CSV) },
    request: check,
    expected: { ...works, mediaType: 'text/csv', validators: { etag: '"e"', lastModified: null } },
  },
]);

table('archiving a resource', [
  {
    title: 'C12 a file: URL has no result, and the reason names the scheme',
    url: 'file:///home/a.csv',
    expected: { ...noRequest, code: 'unsupported-scheme', stage: null },
    reason: /http and https.*file/,
  },
  {
    title: 'C13 a URL without slashes has no result',
    url: 'http:www.example.com/a',
    expected: { ...noRequest, code: 'invalid-url', stage: null },
  },
  {
    title: 'C14 four bytes have their size and their hash',
    script: { '*': answer(200, {}, 'test') },
    path: '/f.txt',
    expected: { ...archived, bytes: 4, md5: hashOf('md5', 'test'), sha256: hashOf('sha256', 'test') },
  },
  {
    title: 'C16 an unknown type is archived with the media type of the server, whatever format was declared',
    script: { '*': answer(200, { 'content-type': 'application/foo' }, 'test') },
    path: '/f',
    request: { declaredFormat: 'arch' },
    expected: { ...archived, mediaType: 'application/foo', bytes: 4 },
  },
  {
    title: 'C18 an answer of length 0 is a failure that names it',
    script: { '*': answer(200, { 'content-type': 'text/csv' }) },
    expected: { kind: 'failed', code: 'empty', transient: false },
    reason: /length is 0/,
  },
  {
    title: 'C19 a 404 with a body is a failure with code and phrase',
    script: { '*': send('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\na,b') },
    expected: { kind: 'failed', code: 'gone', status: 404, md5: null },
    reason: /404 Not Found/,
  },
  {
    title: 'C20 a 500 with a body is a failure with code and phrase, and may pass',
    script: { '*': send('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\na,b') },
    expected: { kind: 'failed', code: 'http-error', status: 500, transient: true },
    reason: /500 Internal Server Error/,
  },
  {
    title: 'C21 a declared length above the limit is refused by the head, and the reason names both numbers',
    script: { '*': send(head(200, { 'content-length': '1000001' }), 'short') },
    settings: { maxBytes: 1_000_000 },
    expected: { kind: 'refused', code: 'too-large', bytes: 1_000_001, wireBytes: 0 },
    reason: /1000001 .*1000000/,
  },
  {
    title: 'C22 a body above the limit without a length is refused while it is read',
    script: { '*': sendAndClose(head(200, {}), 'a,b\n'.repeat(250_001)) },
    settings: { maxBytes: 1_000_000 },
    expected: { kind: 'refused', code: 'too-large', stage: null },
    reason: /1000000/,
  },
  {
    title: 'C23 a Content-Length that is no number does not hinder',
    script: { '*': sendAndClose(head(200, { 'content-length': 'abc' }), CSV) },
    expected: { ...archived, bytes: CSV.length, lenient: true },
  },
  {
    title: 'C24 a Content-Length that is sent twice does not hinder',
    script: { '*': answer(200, { 'content-length': [String(CSV.length), String(CSV.length)] }, CSV) },
    expected: { ...archived, bytes: CSV.length, lenient: true },
  },
]);

describe('archiving a resource, and what is left of it', () => {
  it('C15 exactly the bytes that were sent are staged under the key', async () => {
    const stages = new MemoryStages();
    const server = await OddServer.start({ '/f.txt': answer(200, {}, 'test') });
    const attempt = await fetchOnce(server, '/f.txt', { stages });
    assert.equal(attempt.stage?.key, 'archive/20260102T030405Z/r1/f.txt');
    assert.equal(stages.bodyOf(attempt)?.toString(), 'test');
  });

  it('C25 a redirect is followed, and the final URL recorded', async () => {
    const server = await OddServer.start({
      '/f.csv': send(head(301, { location: '/g.csv', 'content-length': '0' })),
      '/g.csv': CSV_ANSWER,
    });
    const [from, to] = [server.url('/f.csv'), server.url('/g.csv')];
    const attempt = await fetchOnce(server, '/f.csv');
    assert.deepEqual([attempt.code, attempt.finalUrl, attempt.moved], ['archived', to, true]);
    assert.deepEqual(attempt.redirects, [{ status: 301, from, to }]);
  });

  it('C28 a server that refuses HEAD is asked with GET alone', async () => {
    const server = await OddServer.start({
      '/f.csv': (socket, request) => (request.method === 'GET' ? CSV_ANSWER : send(status(405)))(socket, request),
    });
    const attempt = await fetchOnce(server, '/f.csv');
    assert.deepEqual([attempt.code, server.requests.map(({ method }) => method)], ['archived', ['GET']]);
  });

  it('C29 a URL that now has a longer body gives the new content and its size', async () => {
    const stages = new MemoryStages();
    const longer = `${CSV}gamma,3\r\n`;
    const server = await OddServer.start({ '/f.csv': answer(200, { etag: '"2"' }, longer) });
    const known = {
      url: server.url('/f.csv'),
      storedAt: '2026-01-01T00:00:00Z',
      status: 200,
      headers: { etag: '"1"' },
      bytes: CSV.length,
      md5: hashOf('md5', CSV),
      sha256: hashOf('sha256', CSV),
      ok: true,
    };
    const attempt = await fetchOnce(server, '/f.csv', { stages, request: { known } });
    assert.deepEqual([attempt.code, attempt.bytes], ['archived', longer.length]);
    assert.equal(stages.bodyOf(attempt)?.toString(), longer);
  });
});

function hashOf(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}
