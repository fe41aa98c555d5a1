import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { CSV, fetchOnce, knownOf } from '../support/fetching.ts';
import { answer, OddServer, type Reply } from '../support/oddServer.ts';

const TTL = '@prefix ex: <http://example.org/> .\nex:a ex:b ex:c .\nex:d ex:e ex:f .\n';
const PAGE = answer(
  200,
  { 'content-type': 'text/html' },
  '<!doctype html><html><body><a href="/x">x</a></body></html>',
);

/** Sends `file` to who asks for its type first, and `other` to the rest. */
const negotiated =
  (type: string, file: Reply, other: Reply): Reply =>
  (socket, request) =>
    (request.headers.accept?.startsWith(`${type},`) ? file : other)(socket, request);

const acceptsOf = (server: OddServer) => server.requests.map(({ headers }) => headers.accept);
const fetched = async (reply: Reply, declaredFormat: string | null): Promise<[Attempt, OddServer]> => {
  const server = await OddServer.start({ '/d': reply });
  return [await fetchOnce(server, '/d', { request: { declaredFormat } }), server];
};

describe('a server with several representations', () => {
  const cases: readonly (readonly [string, string, string, Reply])[] = [
    ['TTL', 'text/turtle', TTL, answer(404, {})],
    ['TTL', 'text/turtle', TTL, answer(406, {})],
    ['TTL', 'text/turtle', TTL, PAGE],
    ['CSV', 'text/csv', CSV, answer(406, {})],
    ['GeoJSON', 'application/geo+json', '{"type":"FeatureCollection","features":[]}', PAGE],
    ['JSON-LD', 'application/ld+json', '{"@context":"https://schema.org","@id":"x"}', answer(404, {})],
    ['RDF', 'application/rdf+xml', '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>', PAGE],
  ];
  for (const [format, type, body, other] of cases) {
    it(`is asked once more, for ${type}, where ${format} is declared`, async () => {
      const file = answer(200, { 'content-type': type }, body);
      const [attempt, server] = await fetched(negotiated(type, file, other), format);
      assert.deepEqual([attempt.code, attempt.requests], ['archived', 2], attempt.reason);
      assert.deepEqual(acceptsOf(server), ['*/*', `${type}, */*;q=0.1`]);
      assert.ok(attempt.evidence.includes(`the server sent it when it was asked for ${type}`));
    });
  }

  it('is asked from the start, where a redirect leads elsewhere for each type', async () => {
    const see = (to: string) => answer(303, { location: to });
    const server = await OddServer.start({
      '/id': negotiated('text/turtle', see('/doc.ttl'), see('/doc.html')),
      '/doc.html': PAGE,
      '/doc.ttl': answer(200, { 'content-type': 'text/turtle' }, TTL),
    });
    const attempt = await fetchOnce(server, '/id', { request: { declaredFormat: 'TTL' } });
    assert.deepEqual(
      [attempt.code, attempt.redirects.map(({ to }) => new URL(to).pathname)],
      ['archived', ['/doc.ttl']],
    );
  });

  it('may say that its file has not changed', async () => {
    const unchanged = negotiated('text/turtle', answer(304, { etag: '"t"' }), PAGE);
    const server = await OddServer.start({ '/d': unchanged });
    const known = knownOf(server.url('/d'), { headers: { etag: '"t"' } });
    const attempt = await fetchOnce(server, '/d', { request: { declaredFormat: 'TTL', known } });
    assert.equal(attempt.code, 'not-modified');
  });

  it('that has nothing else keeps its first answer', async () => {
    const [missing] = await fetched(answer(404, {}), 'TTL');
    assert.deepEqual([missing.code, missing.status, missing.requests], ['gone', 404, 2]);
    const [page] = await fetched(negotiated('text/turtle', answer(406, {}), PAGE), 'TTL');
    assert.deepEqual([page.code, page.status, page.requests], ['not-data', 200, 2]);
  });

  it('still shows the links of its page', async () => {
    const page = answer(
      200,
      { 'content-type': 'text/html' },
      '<!doctype html><body><a href="/data.csv">CSV</a></body>',
    );
    const server = await OddServer.start({ '/d': negotiated('text/csv', answer(406, {}), page) });
    const { links } = await fetchOnce(server, '/d', { request: { declaredFormat: 'CSV', findLinks: true } });
    assert.deepEqual(
      links?.map(({ url }) => new URL(url).pathname),
      ['/data.csv'],
    );
  });

  const others: readonly (readonly [string, Reply, string | null])[] = [
    ['no format is declared', answer(404, {}), null],
    ['a format without a type is declared', answer(404, {}), 'whatever'],
    ['a page is declared', PAGE, 'HTML'],
    ['the file is gone for good', answer(410, {}), 'CSV'],
    ['the server refuses', answer(403, {}), 'CSV'],
    ['the file comes', answer(200, {}, CSV), 'CSV'],
  ];
  for (const [what, reply, format] of others) {
    it(`is asked once where ${what}`, async () => {
      const [{ requests }] = await fetched(reply, format);
      assert.equal(requests, 1);
    });
  }
});
