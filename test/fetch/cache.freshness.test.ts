import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import { freshUntil, stillFreshUntil } from '../../plugin/fetch/cache/freshness.ts';
import { httpDate } from '../../plugin/fetch/http/httpDate.ts';
import type { HeaderMap, Known } from '../../plugin/model/attempt.ts';

const at = Date.UTC(2026, 10, 23, 12, 0, 0);
const HOUR = 3600;
const DAY = 24 * HOUR;
const ceilings = { maxFreshnessMs: 7 * DAY * 1000, maxHeuristicFreshnessMs: DAY * 1000 };
const date = (seconds: number): string => new Date(at + seconds * 1000).toUTCString();

/** Seconds of freshness left when the answer arrives; null: stale. */
function left(headers: HeaderMap, status = 200): number | null {
  const { until } = freshUntil({ status, headers }, at, ceilings);
  return until && (until.getTime() - at) / 1000;
}

type Row = readonly [string, HeaderMap, number | null];

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const [name, headers, expected] of rows) it(name, () => assert.equal(left(headers), expected));
  });
}

table('Cache-Control', [
  ['counts max-age', { 'cache-control': 'max-age=3600' }, HOUR],
  ['reads names in any case', { 'cache-control': 'MAX-Age=3600' }, HOUR],
  ['reads quoted values', { 'cache-control': 'max-age="3600"' }, HOUR],
  ['reads leading zeros', { 'cache-control': 'max-age=0003600' }, HOUR],
  ['prefers max-age to Expires', { 'cache-control': 'max-age=60', expires: date(HOUR) }, 60],
  ['takes the smallest of several max-age', { 'cache-control': 'max-age=3600, max-age=60' }, 60],
  ['takes the smallest over several lines', { 'cache-control': ['max-age=60', 'max-age=3600'] }, 60],
  ['takes an invalid max-age for stale', { 'cache-control': 'max-age=soon' }, null],
  ['takes a decimal max-age for stale', { 'cache-control': 'max-age=3600.0' }, null],
  ['takes a negative max-age for stale', { 'cache-control': 'max-age=-1', expires: date(HOUR) }, null],
  ['takes a max-age without a value for stale', { 'cache-control': 'max-age', expires: date(HOUR) }, null],
  ['takes single quotes for stale', { 'cache-control': "max-age='3600'" }, null],
  ['takes a blank before the equals sign for stale', { 'cache-control': 'max-age =3600' }, null],
  ['takes a colon for the equals sign for stale', { 'cache-control': 'max-age: 3600', expires: date(HOUR) }, null],
  ['takes a max-age before a semicolon for stale', { 'cache-control': 'max-age=3600; public' }, null],
  [
    'takes a max-age after a semicolon for stale',
    { 'cache-control': 'public; max-age=3600', expires: date(HOUR) },
    null,
  ],
  ['is stale with no-cache before a semicolon', { 'cache-control': 'no-cache; no-store', expires: date(HOUR) }, null],
  ['is stale with no-cache after a semicolon', { 'cache-control': 'private; no-cache', expires: date(HOUR) }, null],
  ['does not split at a semicolon inside quotes', { 'cache-control': 'x="a; no-store", max-age=3600' }, HOUR],
  ['takes one invalid of two max-age for stale', { 'cache-control': 'max-age=3600, max-age=x' }, null],
  ['does not read a max-age inside quotes', { 'cache-control': 'x="a, max-age=60", max-age=3600' }, HOUR],
  ['knows escaped quotes', { 'cache-control': 'x="\\", max-age=60", max-age=3600' }, HOUR],
  ['is stale with no-cache', { 'cache-control': 'max-age=3600, no-cache' }, null],
  ['is stale with no-cache and field names', { 'cache-control': 'no-cache="set-cookie, x", max-age=3600' }, null],
  ['is stale with no-store', { 'cache-control': 'No-Store, max-age=3600' }, null],
  ['ignores s-maxage', { 'cache-control': 's-maxage=10, max-age=3600' }, HOUR],
  ['has nothing from s-maxage alone', { 'cache-control': 's-maxage=3600' }, null],
  ['has nothing from immutable alone', { 'cache-control': 'immutable' }, null],
  ['keeps the lifetime with immutable', { 'cache-control': 'immutable, max-age=3600' }, HOUR],
  ['keeps the lifetime with must-revalidate', { 'cache-control': 'must-revalidate, private, max-age=3600' }, HOUR],
  ['is never fresher than the ceiling', { 'cache-control': 'max-age=31536000' }, 7 * DAY],
  ['survives a max-age too large to count', { 'cache-control': `max-age=${'9'.repeat(400)}` }, 7 * DAY],
  ['is stale with max-age 0', { 'cache-control': 'max-age=0', expires: date(HOUR) }, null],
]);

table('Expires and Date', [
  ['counts from Date', { expires: date(HOUR), date: date(0) }, HOUR],
  ['counts from arrival without Date', { expires: date(HOUR) }, HOUR],
  ['takes 0 for stale, heuristics included', { expires: '0', 'last-modified': date(-100 * DAY) }, null],
  ['takes a date in another time zone for stale', { expires: 'Mon, 23 Nov 2026 18:00:00 +0000' }, null],
  ['takes the earliest of several', { expires: [date(2 * HOUR), date(HOUR)] }, HOUR],
  ['takes an unreadable one of several for stale', { expires: [date(2 * HOUR), '-1'] }, null],
  ['reads the form of RFC 850', { expires: 'Monday, 23-Nov-26 13:00:00 GMT' }, HOUR],
  ['reads the form of asctime', { expires: 'Mon Nov 23 13:00:00 2026' }, HOUR],
  ['takes a server whose clock is ahead at its own word', { expires: date(3 * HOUR), date: date(2 * HOUR) }, HOUR],
  ['takes a Date in the past for age', { 'cache-control': 'max-age=3600', date: date(-600) }, HOUR - 600],
  ['is stale when Date is older than the lifetime', { 'cache-control': 'max-age=3600', date: date(-2 * HOUR) }, null],
  ['takes an unreadable Date for none', { 'cache-control': 'max-age=3600', date: 'yesterday' }, HOUR],
]);

table('Age', [
  ['counts against the lifetime', { 'cache-control': 'max-age=3600', age: '600' }, HOUR - 600],
  ['is ignored when it is no number', { 'cache-control': 'max-age=3600', age: '-5' }, HOUR],
  ['counts as the largest of several', { 'cache-control': 'max-age=3600', age: ['5', '600'] }, HOUR - 600],
  ['is not added to the apparent age', { 'cache-control': 'max-age=3600', age: '600', date: date(-300) }, HOUR - 600],
  ['makes stale when as large as the lifetime', { 'cache-control': 'max-age=3600', age: '3600' }, null],
  ['survives a number too large to count', { 'cache-control': 'max-age=3600', age: '9'.repeat(400) }, null],
]);

table('Vary and Pragma', [
  ['is stale with Vary: *', { 'cache-control': 'max-age=3600', vary: 'accept, *' }, null],
  ['does not mind a header that we never vary', { 'cache-control': 'max-age=3600', vary: 'accept-encoding' }, HOUR],
  ['obeys Pragma where Cache-Control is absent', { pragma: 'no-cache', expires: date(HOUR) }, null],
  ['ignores Pragma beside Cache-Control', { pragma: 'no-cache', 'cache-control': 'max-age=3600' }, HOUR],
]);

table('heuristic freshness', [
  ['is a tenth of the time since Last-Modified', { 'last-modified': date(-10 * HOUR), date: date(0) }, HOUR],
  ['has a ceiling of its own', { 'last-modified': date(-1000 * DAY) }, DAY],
  ['does not apply beside max-age', { 'last-modified': date(-10 * DAY), 'cache-control': 'max-age=60' }, 60],
  ['needs a Last-Modified in the past', { 'last-modified': date(DAY) }, null],
  ['needs a readable Last-Modified', { 'last-modified': '2020-01-01' }, null],
  ['is nothing without Last-Modified', { etag: '"a"' }, null],
]);

describe('the status', () => {
  const headers = { 'last-modified': date(-10 * HOUR) };
  it('allows heuristics for an answer that is cacheable by default', () => assert.equal(left(headers, 203), HOUR));
  it('allows them for a 304, which renews a 200', () => assert.equal(left(headers, 304), HOUR));
  it('forbids them for others', () => assert.equal(left(headers, 302), null));
  it('allows them for others that are marked public', () =>
    assert.equal(left({ ...headers, 'cache-control': 'public' }, 302), HOUR));
});

describe('stillFreshUntil', () => {
  const known: Known = {
    url: 'http://a.example/x',
    storedAt: new Date(at).toISOString(),
    status: 200,
    headers: { 'cache-control': 'max-age=3600' },
    bytes: 4,
    md5: null,
    sha256: null,
    ok: true,
  };
  const until = new Date(at + 3600_000);
  it('is that moment until it comes', () => {
    assert.deepEqual(stillFreshUntil(known, at + 3599_999, ceilings), until);
    assert.equal(stillFreshUntil(known, at + 3600_000, ceilings), null);
  });
  it('is null when the copy was confirmed in the future, small differences of clocks apart', () => {
    assert.deepEqual(stillFreshUntil(known, at - 2000, ceilings), until);
    assert.equal(stillFreshUntil(known, at - 30 * DAY * 1000, ceilings), null);
  });
  it('is null after a failure', () => assert.equal(stillFreshUntil({ ...known, ok: false }, at, ceilings), null));
  it('is null when the copy is missing', () =>
    assert.equal(stillFreshUntil({ ...known, bytes: null }, at, ceilings), null));
  it('is null for a redirect or an error, fresh or not', () => {
    for (const status of [301, 404, 500]) assert.equal(stillFreshUntil({ ...known, status }, at, ceilings), null);
    for (const status of [203, 304]) assert.deepEqual(stillFreshUntil({ ...known, status }, at, ceilings), until);
  });
  it('is null when the time is unreadable', () =>
    assert.equal(stillFreshUntil({ ...known, storedAt: 'never' }, at, ceilings), null));
});

describe('httpDate', () => {
  it('takes a two-digit year more than 50 years ahead for the century before', () =>
    assert.equal(httpDate('Sunday, 06-Nov-94 08:49:37 GMT', at), Date.UTC(1994, 10, 6, 8, 49, 37)));
  for (const text of ['', '0', '-1', 'Tue, 31 Feb 2026 00:00:00 GMT', 'Mon, 23 Nov 2026 25:00:00 GMT', '2026-11-23']) {
    it(`does not take “${text}” for a date`, () => assert.equal(httpDate(text, at), null));
  }
});

describe('any header block', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'max-age=60',
      'max-age="',
      'no-cache',
      'public',
      '*',
      '0',
      '60',
      date(60),
      date(-DAY),
      'a="b, max-age=1"',
    ),
  );
  const names = ['cache-control', 'expires', 'date', 'age', 'vary', 'pragma', 'last-modified'];
  const block = fc.dictionary(fc.constantFrom(...names), fc.oneof(value, fc.array(value, { maxLength: 3 })));

  it('gives a time after arrival and within the ceiling, or none', () => {
    fc.assert(
      fc.property(block, fc.integer({ min: 100, max: 599 }), (headers, status) => {
        const seconds = left(headers, status);
        assert.ok(seconds === null || (seconds > 0 && seconds <= 7 * DAY));
      }),
    );
  });

  it('is never fresher for one more Cache-Control line', () => {
    const line = fc.constantFrom('max-age=60', 'max-age=x', 'no-cache', 'no-store', 'must-revalidate', 'private');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.array(line), (maxAge, more) => {
        const bare = left({ 'cache-control': `max-age=${maxAge}` }) ?? 0;
        assert.ok((left({ 'cache-control': [`max-age=${maxAge}`, ...more] }) ?? 0) <= bare);
      }),
    );
  });

  it('agrees with a second opinion where both read the same rules', () => {
    const seconds = fc.integer({ min: 0, max: 2 * DAY });
    fc.assert(
      fc.property(seconds, seconds, seconds, fc.boolean(), (maxAge, ago, expires, withMaxAge) => {
        const headers = {
          date: date(0),
          age: String(ago),
          expires: date(expires),
          ...(withMaxAge ? { 'cache-control': `max-age=${maxAge}` } : {}),
        };
        const policy = new CachePolicy(
          { url: '/', method: 'GET', headers: {} },
          { status: 200, headers },
          { shared: false },
        );
        const theirs = policy.maxAge() - ago;
        assert.equal(left(headers) ?? 0, Math.max(0, theirs));
      }),
    );
  });
});
