import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { CSV, fetchOnce, knownOf } from '../support/fetching.ts';
import { answer, OddServer, type Reply, send } from '../support/oddServer.ts';

type Headers = Readonly<Record<string, string>>;

const fetched = async (reply: Reply): Promise<Attempt> =>
  fetchOnce(await OddServer.start({ '/f.csv': reply }), '/f.csv');
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('a status of the server itself', () => {
  for (const status of [500, 506, 507, 508, 509, 510, 520, 522, 524, 529, 530, 599]) {
    it(`${status} may pass, so nothing is decided`, async () => {
      const { code, transient, broken } = await fetched(answer(status, {}));
      assert.deepEqual([code, transient, broken], ['http-error', true, null]);
    });
  }

  for (const status of [501, 505, 511]) {
    it(`${status} stays as it is, also where the server names a wait`, async () => {
      const { code, transient, broken } = await fetched(answer(status, { 'retry-after': '9' }));
      assert.deepEqual([code, transient, broken], ['http-error', false, true]);
    });
  }
});

describe('a refusal that names a wait', () => {
  for (const status of [400, 401, 403, 404, 408, 409, 410, 418, 423, 425, 429, 451, 499]) {
    it(`is a limit and no last word: ${status} with Retry-After`, async () => {
      const { code, transient, broken, retryAfterMs } = await fetched(answer(status, { 'retry-after': '7' }));
      assert.deepEqual([code, transient, broken, retryAfterMs], ['rate-limited', true, null, 7000]);
    });
  }

  for (const [status, value, code] of [
    [404, 'soon', 'gone'],
    [403, '', 'forbidden'],
    [400, '-5', 'http-error'],
  ] as const) {
    it(`is what its number says where the wait cannot be read: ${status} with “${value}”`, async () => {
      const attempt = await fetched(answer(status, { 'retry-after': value }));
      assert.deepEqual([attempt.code, attempt.transient, attempt.retryAfterMs], [code, false, null]);
    });
  }
});

describe('a rate limit of which nothing is left', () => {
  const spent: readonly (readonly [string, Headers, number | null])[] = [
    ['without an end', { 'X-RateLimit-Remaining': '0' }, null],
    ['with its end in seconds', { 'RateLimit-Remaining': '0', 'RateLimit-Reset': '30' }, 30_000],
    ['with its end as a moment', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(inSeconds(60)) }, 60_000],
    [
      'with its end in milliseconds',
      { 'X-Rate-Limit-Remaining': '0', 'X-Rate-Limit-Reset': `${inSeconds(60)}000` },
      60_000,
    ],
    ['of a draft of the IETF', { RateLimit: '"hour";r=12;t=9, "day";r=0;t=40' }, 40_000],
    ['of an earlier draft', { RateLimit: 'limit=100, remaining=0, reset=50' }, 50_000],
    [
      'whose end Retry-After knows better',
      { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '30', 'Retry-After': '3' },
      3000,
    ],
  ];
  for (const [what, headers, waitMs] of spent) {
    it(`makes a 403 a limit, ${what}`, async () => {
      const { code, transient, retryAfterMs } = await fetched(answer(403, headers));
      assert.deepEqual([code, transient], ['rate-limited', true]);
      if (waitMs === null) assert.equal(retryAfterMs, null);
      else assert.ok(retryAfterMs !== null && Math.abs(retryAfterMs - waitMs) <= 5000, `${retryAfterMs} ms`);
    });
  }

  it('tells a 429 how long to wait', async () => {
    const attempt = await fetched(answer(429, { 'RateLimit-Remaining': '0', 'RateLimit-Reset': '30' }));
    assert.deepEqual([attempt.code, attempt.retryAfterMs], ['rate-limited', 30_000]);
  });

  for (const [what, headers] of [
    ['has something left', { 'X-RateLimit-Remaining': '10', RateLimit: '"day";r=10;t=0' }],
    ['has a share of one left', { RateLimit: 'limit=1, remaining=0.5, reset=0' }],
    ['is only announced', { 'RateLimit-Policy': '"day";q=0;w=1', 'X-RateLimit-Limit': '0' }],
  ] as const) {
    it(`leaves a 403 as it is where it ${what}`, async () => {
      const { code, transient, retryAfterMs } = await fetched(answer(403, headers));
      assert.deepEqual([code, transient, retryAfterMs], ['forbidden', false, null]);
    });
  }

  it('leaves a 404 as it is', async () => {
    assert.equal((await fetched(answer(404, { 'X-RateLimit-Remaining': '0' }))).code, 'gone');
  });
});

describe('nothing in the place of a file', () => {
  const empties: readonly (readonly [string, Reply])[] = [
    ['a length of 0', answer(200, {})],
    ['no chunk', send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')],
    ['204', send('HTTP/1.1 204 No Content\r\n\r\n')],
  ];
  for (const [what, reply] of empties) {
    it(`may pass while a copy is held, and is broken without one: ${what}`, async () => {
      const held = await OddServer.start({ '/f.csv': reply });
      const known = knownOf(held.url('/f.csv'));
      const { code, transient, broken, reason } = await fetchOnce(held, '/f.csv', { request: { known } });
      assert.deepEqual([code, transient, broken], ['empty', true, null]);
      assert.match(reason, /There was a file before, so this may pass\.$/);
      const alone = await fetched(reply);
      assert.deepEqual([alone.code, alone.transient, alone.broken], ['empty', false, true]);
    });
  }

  it('is broken where the copy is of another URL', async () => {
    const server = await OddServer.start({ '/f.csv': answer(200, {}) });
    const known = knownOf(server.url('/other.csv'));
    assert.equal((await fetchOnce(server, '/f.csv', { request: { known } })).transient, false);
  });

  it('takes no part in an attempt that brings the file', async () => {
    const server = await OddServer.start({ '/f.csv': answer(200, {}, CSV) });
    const known = knownOf(server.url('/f.csv'));
    assert.equal((await fetchOnce(server, '/f.csv', { request: { known } })).code, 'archived');
  });
});
