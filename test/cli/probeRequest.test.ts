import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readProbeLine } from '../../plugin/cli/probe/probeRequest.ts';

describe('a line of the probe', () => {
  const url = 'http://data.example/a.csv';

  test('needs no more than a URL', () => {
    const { id, request } = readProbeLine({ url });
    assert.equal(id, null);
    const { now, ...rest } = request;
    assert.ok(Math.abs(Date.now() - now) < 60_000);
    assert.deepEqual(rest, {
      url,
      mode: 'demand',
      known: null,
      declaredFormat: null,
      resourceName: null,
      keyPrefix: 'archive/00000000T000000Z/probe',
    });
  });

  test('may leave out, or set to null, whatever is not known of the copy', () => {
    const nothing = {
      url: null,
      storedAt: null,
      status: null,
      headers: null,
      bytes: null,
      md5: null,
      sha256: null,
      ok: null,
    };
    const wanted = {
      url,
      storedAt: '1970-01-01T00:00:00.000Z',
      status: 200,
      headers: {},
      bytes: null,
      md5: null,
      sha256: null,
      ok: true,
      trusted: true,
    };
    assert.deepEqual(readProbeLine({ url, known: nothing }).request.known, wanted);
    assert.deepEqual(readProbeLine({ url, known: {} }).request.known, wanted);
    assert.equal(readProbeLine({ url, known: null }).request.known, null);
  });

  test('joins header fields whose names differ in case only', () => {
    const headers = {
      ETag: '"a"',
      'Cache-Control': ['max-age=1', 'private'],
      'cache-control': 'no-cache',
      age: 5,
      date: null,
    };
    assert.deepEqual(readProbeLine({ url, known: { headers } }).request.known?.headers, {
      etag: '"a"',
      'cache-control': ['max-age=1', 'private', 'no-cache'],
      age: '5',
    });
  });

  test('takes the moment as ISO 8601 or as epoch milliseconds', () => {
    assert.equal(readProbeLine({ url, now: '2026-01-01T00:00:00Z' }).request.now, Date.UTC(2026, 0, 1));
    assert.equal(readProbeLine({ url, now: 1_767_225_600_000 }).request.now, Date.UTC(2026, 0, 1));
    assert.throws(() => readProbeLine({ url, now: 'soon' }), /now must be/);
  });

  test('takes a missing URL for an empty one', () => {
    assert.equal(readProbeLine({ id: 1 }).request.url, '');
    assert.equal(readProbeLine({ url: null }).request.url, '');
  });

  test('is refused with a URL that is no text or with a mode that there is not', () => {
    assert.throws(() => readProbeLine({ url: 1 }), /url must be a text/);
    assert.throws(() => readProbeLine({ url, mode: 'often' }), /mode must be one of demand, sweep, check/);
  });
});
