import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { HeaderMap } from '../../plugin/model/attempt.ts';
import { CSV, fetchOnce, knownOf } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send } from '../support/oddServer.ts';

type Headers = Readonly<Record<string, string>>;

const OTHER = 'other,bytes\r\n1,2\r\n3,4\r\n5,60\r\n';
const SHA256 = createHash('sha256').update(CSV).digest('hex');
const DATE = 'Sat, 01 Nov 2025 10:00:00 GMT';
const SAME_DATE = 'Saturday, 01-Nov-25 10:00:00 GMT';
const LATER = 'Sat, 08 Nov 2025 10:00:00 GMT';
const UNIX_ZERO = 'Thu, 01 Jan 1970 00:00:00 GMT';
const DOS_ZERO = 'Tue, 01 Jan 1980 00:00:00 GMT';

const notModified = (headers: Headers): Reply => send(head(304, headers));

/** Rechecks a copy of `CSV` that came with `headers`. */
async function recheck(headers: HeaderMap, ...replies: readonly Reply[]) {
  const server = await OddServer.start({ '/f.csv': replies });
  const known = knownOf(server.url('/f.csv'), { sha256: SHA256, md5: null, headers });
  const attempt = await fetchOnce(server, '/f.csv', { request: { known } });
  return { attempt, requests: server.requests };
}

describe('a 304', () => {
  const others: readonly (readonly [string, Headers, Headers])[] = [
    ['another date', { 'last-modified': DATE }, { 'last-modified': LATER }],
    ['another weak tag', { etag: 'W/"1"' }, { etag: 'W/"2"' }],
    ['a weak tag other than the strong one', { etag: '"1"' }, { etag: 'W/"2"' }],
    ['another strong tag than the weak one', { etag: 'W/"1"' }, { etag: '"2"' }],
    [
      'the weak tag and another date',
      { etag: 'W/"1"', 'last-modified': DATE },
      { etag: 'W/"1"', 'last-modified': LATER },
    ],
    ['another date without the tag', { etag: '"1"', 'last-modified': DATE }, { 'last-modified': LATER }],
    ['another text that is no date', { 'last-modified': 'yesterday' }, { 'last-modified': 'today' }],
  ];
  for (const [what, stored, named] of others) {
    it(`with ${what} confirms nothing, and the file is read`, async () => {
      const { attempt, requests } = await recheck(stored, notModified(named), answer(200, {}, OTHER));
      assert.deepEqual([attempt.kind, attempt.code, attempt.requests], ['fetched', 'archived', 2]);
      const again = requests[1]?.headers;
      assert.deepEqual([again?.['if-none-match'], again?.['if-modified-since']], [undefined, undefined]);
      assert.ok(attempt.evidence.some((words) => /answered 304 where that says nothing/.test(words)));
    });
  }

  const same: readonly (readonly [string, Headers, Headers])[] = [
    ['no validator', { etag: '"1"', 'last-modified': DATE }, {}],
    ['the date', { 'last-modified': DATE }, { 'last-modified': DATE }],
    ['the date in another form', { 'last-modified': DATE }, { 'last-modified': SAME_DATE }],
    ['the weak tag', { etag: 'W/"1"' }, { etag: 'W/"1"' }],
    ['the tag made weak on the way', { etag: '"1"' }, { etag: 'W/"1"' }],
    ['an empty tag', { etag: '"1"' }, { etag: '""' }],
    ['a tag where there was none', { 'last-modified': DATE }, { etag: 'W/"1"', 'last-modified': DATE }],
    [
      'the strong tag, whatever its date',
      { etag: '"1"', 'last-modified': DATE },
      { etag: '"1"', 'last-modified': LATER },
    ],
    ['the zero of a clock as its date', { etag: 'W/"1"', 'last-modified': DATE }, { 'last-modified': UNIX_ZERO }],
  ];
  for (const [what, stored, named] of same) {
    it(`with ${what} confirms the copy`, async () => {
      const { attempt } = await recheck(stored, notModified(named), answer(200, {}, OTHER));
      assert.deepEqual([attempt.kind, attempt.code, attempt.requests], ['unchanged', 'not-modified', 1]);
    });
  }
});

describe('a 412', () => {
  const conditions: readonly Headers[] = [
    { etag: '"1"' },
    { 'last-modified': DATE },
    { etag: 'W/"1"', 'last-modified': DATE },
  ];
  for (const stored of conditions) {
    it(`to the conditions ${Object.keys(stored).join(' and ')} is asked again without them`, async () => {
      const { attempt, requests } = await recheck(stored, answer(412, {}), answer(200, {}, CSV));
      assert.deepEqual([attempt.code, attempt.requests], ['same-hash', 2]);
      assert.deepEqual(
        [requests[1]?.headers['if-none-match'], requests[1]?.headers['if-modified-since']],
        [undefined, undefined],
      );
      assert.ok(attempt.evidence.some((words) => /answered 412 where that says nothing/.test(words)));
    });
  }

  it('is a failure the second time', async () => {
    const { attempt } = await recheck({ etag: '"1"' }, answer(412, {}));
    assert.deepEqual([attempt.kind, attempt.code, attempt.status, attempt.requests], ['failed', 'http-error', 412, 2]);
  });

  it('to a request without conditions is a failure', async () => {
    const { attempt } = await recheck({}, answer(412, {}), answer(200, {}, CSV));
    assert.deepEqual([attempt.code, attempt.status, attempt.requests], ['http-error', 412, 1]);
  });
});

describe('a Last-Modified', () => {
  for (const zero of [UNIX_ZERO, DOS_ZERO, 'Mon, 01 Jan 0001 00:00:00 GMT', 'Sun, 31 Dec 1989 23:59:59 GMT']) {
    it(`of ${zero} is not sent, and nothing rests on it`, async () => {
      const { attempt, requests } = await recheck(
        { 'last-modified': zero, 'content-length': String(CSV.length) },
        answer(200, { 'last-modified': zero }, OTHER),
      );
      assert.equal(requests[0]?.headers['if-modified-since'], undefined);
      assert.deepEqual([attempt.kind, attempt.code, OTHER.length], ['fetched', 'archived', CSV.length]);
    });
  }

  it('before 1990 leaves the entity-tag its word', async () => {
    const stored = { etag: '"1"', 'last-modified': UNIX_ZERO };
    const { attempt, requests } = await recheck(stored, notModified({ etag: '"1"', 'last-modified': UNIX_ZERO }));
    assert.equal(requests[0]?.headers['if-none-match'], '"1"');
    assert.deepEqual([attempt.code, requests[0]?.headers['if-modified-since']], ['not-modified', undefined]);
  });

  for (const date of ['Mon, 01 Jan 1990 00:00:00 GMT', DATE]) {
    it(`of ${date} is sent, and tells the copy`, async () => {
      const stored = { 'last-modified': date, 'content-length': String(CSV.length) };
      const { attempt, requests } = await recheck(stored, answer(200, { 'last-modified': date }, OTHER));
      assert.deepEqual([attempt.code, requests[0]?.headers['if-modified-since']], ['same-length', date]);
    });
  }
});
