import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Known } from '../../plugin/model/attempt.ts';
import { CSV, fetchOnce, knownOf, MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send } from '../support/oddServer.ts';

const DATE = 'Sat, 01 Nov 2025 10:00:00 GMT';
const SHA256 = createHash('sha256').update(CSV).digest('hex');
const MD5 = createHash('md5').update(CSV).digest('hex');
const CSV_ANSWER = answer(200, {}, CSV);

/** 304 to the right condition, the file to any other request. */
function conditional(etag: string): Reply {
  return (socket, request) =>
    (request.headers['if-none-match'] === etag
      ? send(`HTTP/1.1 304 Not Modified\r\nETag: ${etag}\r\n\r\n`)
      : CSV_ANSWER)(socket, request);
}

async function recheck(
  replies: Reply | readonly Reply[],
  known: Partial<Known>,
  more: Parameters<typeof fetchOnce>[2] = {},
) {
  const server = await OddServer.start({ '/f.csv': replies });
  const request = { known: knownOf(server.url('/f.csv'), { md5: MD5, sha256: SHA256, ...known }), ...more.request };
  const attempt = await fetchOnce(server, '/f.csv', { ...more, request });
  return { attempt, requests: server.requests };
}

describe('a recheck', () => {
  for (const etag of ['"abc"', 'W/"abc"', 'abc', '"a,\\b"', '"\xe9"']) {
    it(`sends the entity-tag ${JSON.stringify(etag)} back byte for byte`, async () => {
      const { attempt, requests } = await recheck(conditional(etag), { headers: { etag } });
      assert.deepEqual([attempt.code, attempt.status, attempt.requests], ['not-modified', 304, 1]);
      assert.deepEqual([attempt.sha256, attempt.bytes], [SHA256, CSV.length]);
      assert.equal(requests.length, 1);
    });
  }

  it('counts the age of a confirmed copy from the answer that confirmed it', async () => {
    const { attempt } = await recheck(
      send('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
      { headers: { etag: '"a"', date: DATE, age: '50', 'cache-control': 'max-age=60' } },
      { request: { now: Date.UTC(2026, 10, 24) } },
    );
    assert.equal(attempt.code, 'not-modified');
    assert.equal(attempt.freshUntil, '2026-11-24T00:01:00.000Z');
  });

  it('sends Last-Modified back as the server wrote it', async () => {
    const odd = 'sat, 1 nov 2025 10:00:00 +0000';
    const { attempt, requests } = await recheck(send('HTTP/1.1 304 Not Modified\r\n\r\n'), {
      headers: { 'last-modified': odd },
    });
    assert.equal(attempt.code, 'not-modified');
    assert.equal(requests[0]?.headers['if-modified-since'], odd);
  });

  it('renews validators and freshness from a 304', async () => {
    const reply = send(
      'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=60\r\nContent-Length: 99\r\n\r\n',
    );
    const now = Date.parse('2026-01-01T00:00:00Z');
    const { attempt } = await recheck(
      reply,
      { headers: { etag: '"1"', 'content-type': 'text/csv', 'content-length': '30' } },
      { request: { now } },
    );
    assert.equal(attempt.freshUntil, '2026-01-01T00:01:00.000Z');
    assert.deepEqual(attempt.answer?.headers, {
      'cache-control': 'max-age=60',
      'content-length': '30',
      'content-type': 'text/csv',
      etag: '"1"',
    });
  });

  it('sends no validators of another URL, of a missing copy, of an error or to a distrusted host', async () => {
    for (const known of [
      { url: 'http://127.0.0.1/other' },
      { bytes: null },
      { status: 404 },
      { trusted: false },
    ] satisfies Partial<Known>[]) {
      const { requests } = await recheck(CSV_ANSWER, { headers: { etag: '"1"', 'last-modified': DATE }, ...known });
      assert.deepEqual(
        [requests[0]?.headers['if-none-match'], requests[0]?.headers['if-modified-since']],
        [undefined, undefined],
      );
    }
  });

  it('sends the validators of an answer that confirmed the copy', async () => {
    const { attempt } = await recheck(conditional('"1"'), { status: 304, headers: { etag: '"1"' } });
    assert.deepEqual([attempt.code, attempt.requests], ['not-modified', 1]);
  });

  it('reads a body of the same length and date as an error had', async () => {
    const { attempt } = await recheck(answer(200, { 'last-modified': DATE }, CSV), {
      status: 404,
      ok: false,
      headers: { 'last-modified': DATE },
    });
    assert.equal(attempt.code, 'same-hash');
  });

  it('asks again without conditions after a 304 with another strong entity-tag', async () => {
    const { attempt, requests } = await recheck(
      [send('HTTP/1.1 304 Not Modified\r\nETag: "2"\r\n\r\n'), answer(200, { etag: '"2"' }, 'other,bytes\n1,2\n')],
      { headers: { etag: '"1"' } },
    );
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 2]);
    assert.equal(requests[1]?.headers['if-none-match'], undefined);
  });

  it('asks again after a 304 to an unconditional request, once', async () => {
    const { attempt } = await recheck(send('HTTP/1.1 304 Not Modified\r\n\r\n'), { headers: {} });
    assert.deepEqual([attempt.code, attempt.status, attempt.requests], ['http-error', 304, 2]);
  });

  it('does not read a body of the same length with the same strong entity-tag', async () => {
    const { attempt } = await recheck(send(head(200, { etag: '"1"', 'content-length': String(CSV.length) })), {
      headers: { etag: '"1"' },
    });
    assert.deepEqual([attempt.kind, attempt.code, attempt.wireBytes], ['unchanged', 'same-length', 0]);
  });

  it('does not read a body of the same length and date', async () => {
    const { attempt } = await recheck(
      send(head(200, { 'last-modified': DATE, 'content-length': String(CSV.length) })),
      {
        headers: { 'last-modified': DATE },
      },
    );
    assert.equal(attempt.code, 'same-length');
  });

  it('reads a body whose length is the same without other evidence, and finds the same hash', async () => {
    const stages = new MemoryStages();
    const { attempt } = await recheck(CSV_ANSWER, { headers: {} }, { stages });
    assert.deepEqual([attempt.kind, attempt.code, stages.keys.length], ['unchanged', 'same-hash', 0]);
  });

  it('reads the body when only a weak entity-tag is equal, or when entity-tags contradict the date', async () => {
    for (const [etag, before] of [
      ['W/"1"', 'W/"1"'],
      ['"2"', '"1"'],
    ] as const) {
      const { attempt } = await recheck(
        answer(200, { etag, ...(etag === '"2"' ? { 'last-modified': DATE } : {}) }, CSV),
        {
          headers: { etag: before, 'last-modified': DATE },
        },
      );
      assert.equal(attempt.code, 'same-hash');
    }
  });

  it('finds a large unchanged body by its hash and leaves no stage', async () => {
    const body = Buffer.alloc(2_500_000, CSV);
    const stages = new MemoryStages();
    const { attempt } = await recheck(
      answer(200, {}, body),
      { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length },
      { stages },
    );
    assert.deepEqual([attempt.code, stages.abandoned, stages.open, attempt.stage], ['same-hash', 1, 0, null]);
  });

  it('catches a server that answers 304 for changed bytes', async () => {
    const { attempt } = await recheck(
      [send('HTTP/1.1 304 Not Modified\r\n\r\n'), answer(200, { etag: '"1"' }, 'other,bytes\n1,2\n')],
      { headers: { etag: '"1"' } },
      { settings: { verifyShare: 1 } },
    );
    assert.deepEqual([attempt.kind, attempt.code, attempt.liar, attempt.requests], ['fetched', 'archived', true, 2]);
  });

  it('clears a server whose 304 was checked in full', async () => {
    const { attempt } = await recheck(
      [send('HTTP/1.1 304 Not Modified\r\n\r\n'), answer(200, { etag: '"1"' }, CSV)],
      { headers: { etag: '"1"' } },
      { settings: { verifyShare: 1 } },
    );
    assert.deepEqual([attempt.code, attempt.liar, attempt.requests], ['not-modified', false, 2]);
  });

  it('catches a server that repeats length and entity-tag for changed bytes', async () => {
    const changed = CSV.replace('alpha', 'gamma');
    const { attempt } = await recheck(
      answer(200, { etag: '"1"' }, changed),
      { headers: { etag: '"1"' } },
      { settings: { verifyShare: 1 } },
    );
    assert.deepEqual([attempt.kind, attempt.liar], ['fetched', true]);
  });

  it('believes a host that lied about one file in nothing of another', async () => {
    const unchanged = send('HTTP/1.1 304 Not Modified\r\n\r\n');
    const changed = answer(200, { etag: '"1"' }, 'other,bytes\n1,2\n');
    const server = await OddServer.start({
      '/a.csv': [unchanged, changed],
      '/b.csv': [unchanged, changed],
      '/c.csv': answer(200, { etag: '"1"' }, CSV.replace('alpha', 'gamma')),
      '/d.csv': [unchanged, CSV_ANSWER],
    });
    const randoms = [0, 1, 1, 1];
    const fetcher = testFetcher({ verifyShare: 0.5 }, { random: () => randoms.shift() ?? 1 });
    const codes: string[] = [];
    for (const path of ['/a.csv', '/b.csv', '/c.csv', '/d.csv']) {
      const known = knownOf(server.url(path), { md5: MD5, sha256: SHA256, headers: { etag: '"1"' } });
      const request = requestFor(server.url(path), { known });
      codes.push((await fetcher.fetch(request, null, new AbortController().signal)).code);
    }
    await fetcher.close();
    await server.stop();
    assert.deepEqual(codes, ['archived', 'archived', 'archived', 'not-modified']);
  });

  it('sends no request on a sweep while the copy is fresh, and one on demand', async () => {
    const headers = { 'cache-control': 'max-age=3600', etag: '"1"' };
    const sweep = await recheck(conditional('"1"'), { headers }, { request: { mode: 'sweep' } });
    assert.deepEqual([sweep.attempt.code, sweep.attempt.requests, sweep.requests.length], ['still-fresh', 0, 0]);
    const demand = await recheck(conditional('"1"'), { headers });
    assert.equal(demand.attempt.code, 'not-modified');
  });

  it('reads the header names of what is known in any case', async () => {
    const headers = { 'Cache-Control': 'max-age=3600', ETag: '"1"' };
    const sweep = await recheck(conditional('"1"'), { headers }, { request: { mode: 'sweep' } });
    assert.deepEqual([sweep.attempt.code, sweep.attempt.validators.etag], ['still-fresh', '"1"']);
  });

  it('asks on a sweep after a failure, without a copy, or for another URL', async () => {
    const headers = { 'cache-control': 'max-age=3600' };
    for (const known of [{ ok: false }, { bytes: null }, { url: 'http://127.0.0.1/other' }]) {
      const { attempt } = await recheck(CSV_ANSWER, { headers, ...known }, { request: { mode: 'sweep' } });
      assert.equal(attempt.requests, 1);
    }
  });

  it('tells in check mode what the head says of validators and freshness', async () => {
    const { attempt } = await recheck(
      answer(200, { etag: '"2"', 'cache-control': 'max-age=60' }, CSV),
      {},
      { request: { mode: 'check', now: Date.UTC(2026, 10, 24) } },
    );
    assert.equal(attempt.code, 'checked-only');
    assert.deepEqual([attempt.validators.etag, attempt.freshUntil], ['"2"', '2026-11-24T00:01:00.000Z']);
  });

  it('reads only the head in check mode', async () => {
    const { attempt } = await recheck(
      send(head(200, { 'content-length': '5000', 'content-type': 'text/csv' })),
      {},
      { request: { mode: 'check' } },
    );
    assert.deepEqual(
      [attempt.kind, attempt.code, attempt.bytes, attempt.mediaType, attempt.requests],
      ['refused', 'checked-only', 5000, 'text/csv', 1],
    );
    const broken = await recheck(answer(404, {}), {}, { request: { mode: 'check' } });
    assert.equal(broken.attempt.code, 'gone');
  });
});
