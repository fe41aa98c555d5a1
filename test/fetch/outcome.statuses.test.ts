import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CSV, fetchOnce, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose } from '../support/oddServer.ts';

const STATUSES: readonly (readonly [number, string, boolean])[] = [
  [300, 'http-error', false],
  [305, 'http-error', false],
  [306, 'http-error', false],
  [400, 'http-error', false],
  [401, 'forbidden', false],
  [403, 'forbidden', false],
  [404, 'gone', false],
  [405, 'http-error', false],
  [408, 'http-error', true],
  [410, 'gone', false],
  [425, 'http-error', true],
  [429, 'rate-limited', true],
  [451, 'http-error', false],
  [500, 'http-error', true],
  [501, 'http-error', false],
  [502, 'http-error', true],
  [503, 'http-error', true],
  [504, 'http-error', true],
  [505, 'http-error', false],
  [599, 'http-error', true],
];

describe('a status', () => {
  for (const [status, code, transient] of STATUSES) {
    it(`${status} is ${code}${transient ? ' and may pass' : ''}; its number and phrase are told`, async () => {
      const server = await OddServer.start({
        '/f': send(`HTTP/1.1 ${status} The Phrase\r\nETag: "e"\r\nContent-Length: 5\r\n\r\nsorry`),
      });
      const attempt = await fetchOnce(server, '/f');
      assert.deepEqual(
        [attempt.kind, attempt.code, attempt.transient, attempt.status],
        ['failed', code, transient, status],
      );
      assert.match(attempt.reason, new RegExp(`${status} The Phrase`));
      assert.deepEqual([attempt.validators.etag, attempt.requests], [null, 1]);
    });
  }

  it('203 is a file like any other, and told as what it is', async () => {
    const server = await OddServer.start({ '/f': answer(203, {}, CSV) });
    const attempt = await fetchOnce(server, '/f');
    assert.deepEqual([attempt.code, attempt.status, attempt.answer?.status], ['archived', 203, 203]);
  });

  it('below 100 is none', async () => {
    const server = await OddServer.start({ '/f': send('HTTP/1.1 099 Odd\r\nContent-Length: 4\r\n\r\ntest') });
    const attempt = await fetchOnce(server, '/f');
    assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', 'protocol', false]);
  });

  it('206 to a request without a range is no file, unless it holds everything', async () => {
    const part = await OddServer.start({ '/f': answer(206, { 'content-range': 'bytes 0-28/100' }, CSV) });
    assert.equal((await fetchOnce(part, '/f')).code, 'http-error');
    const whole = await OddServer.start({
      '/f': answer(206, { 'content-range': `bytes 0-${CSV.length - 1}/${CSV.length}` }, CSV),
    });
    assert.equal((await fetchOnce(whole, '/f')).code, 'archived');
  });

  it('429 tells how long to wait, in seconds or as a date, capped', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    for (const [value, low, high] of [
      ['7', 7000, 7000],
      [date, 55_000, 61_000],
      ['999999', 100_000, 100_000],
      ['soon', null, null],
    ] as const) {
      const server = await OddServer.start({ '/f': answer(429, { 'retry-after': value }) });
      const { retryAfterMs } = await fetchOnce(server, '/f', { settings: { retryAfterMaxMs: 100_000 } });
      if (low === null) assert.equal(retryAfterMs, null);
      else assert.ok(retryAfterMs !== null && retryAfterMs >= low && retryAfterMs <= high, String(retryAfterMs));
    }
  });

  it('202 is asked again until the file is there', async () => {
    const server = await OddServer.start({
      '/f': [answer(202, { 'retry-after': '0' }), answer(202, { 'retry-after': '0' }, 'wait'), answer(200, {}, CSV)],
    });
    const attempt = await fetchOnce(server, '/f');
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 3]);
  });

  it('202 without an end is given up within the total deadline, and may pass', async () => {
    const server = await OddServer.start({ '/f': answer(202, { 'retry-after': '3600' }) });
    const attempt = await fetchOnce(server, '/f');
    assert.deepEqual([attempt.code, attempt.status, attempt.transient], ['http-error', 202, true]);
    assert.equal(attempt.retryAfterMs, 3_600_000);
  });

  it('202 without an end is told as such, also where the server asks for no pause', async () => {
    const ask = answer(202, { 'retry-after': '0' });
    const server = await OddServer.start({ '/f': [ask, ask, () => undefined] });
    const attempt = await fetchOnce(server, '/f', { settings: { totalTimeoutMs: 400 } });
    assert.deepEqual([attempt.code, attempt.status, attempt.transient], ['http-error', 202, true]);
    assert.equal(attempt.requests, 3);
  });
});

describe('deadlines', () => {
  const drip: Reply = (socket) => {
    socket.write(head(200, { 'content-length': '100000' }));
    const timer = setInterval(() => socket.write('a'), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const dripHead: Reply = (socket) => {
    const timer = setInterval(() => socket.write('x'), 20);
    socket.write('HTTP/1.1 200 OK\r\nX-Y: ');
    socket.on('close', () => clearInterval(timer));
  };

  for (const [title, reply, settings, code] of [
    ['waits for a head only so long', () => undefined, { firstByteTimeoutMs: 100 }, 'timeout'],
    ['does not let a head drip for ever', dripHead, { firstByteTimeoutMs: 200 }, 'timeout'],
    [
      'does not wait in silence for ever',
      send(head(200, { 'content-length': '9' }), 'a'),
      { idleTimeoutMs: 100 },
      'timeout',
    ],
    ['does not let a body drip for ever', drip, { totalTimeoutMs: 300 }, 'timeout'],
    ['asks for a minimum speed', drip, { minBytesPerSecond: 1000, minSpeedWindowMs: 200 }, 'too-slow'],
  ] as const) {
    it(title, async () => {
      const server = await OddServer.start({ '/f': reply });
      const closed = server.connections;
      const attempt = await fetchOnce(server, '/f', { settings });
      assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', code, true]);
      assert.equal(closed, 0);
    });
  }

  it('closes the connection of an attempt that ran out of time', async () => {
    const server = await OddServer.start({ '/f': drip });
    const fetcher = testFetcher({ totalTimeoutMs: 200 });
    await fetcher.fetch(requestFor(server.url('/f')), null, new AbortController().signal);
    while (server.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await fetcher.close();
    await server.stop();
  });

  it('throws stopped, and closes the connection, when it is told to stop', async () => {
    const controller = new AbortController();
    const server = await OddServer.start({
      '/f': (socket) => {
        socket.write(head(200, {}));
        controller.abort();
      },
    });
    const fetcher = testFetcher();
    await assert.rejects(fetcher.fetch(requestFor(server.url('/f')), null, controller.signal), { code: 'stopped' });
    while (server.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
    await fetcher.close();
    await server.stop();
  });
});

describe('a request', () => {
  it('is one GET that says who asks, and neither HEAD nor robots.txt', async () => {
    const server = await OddServer.start({ '/f': answer(200, {}, CSV) });
    await fetchOnce(server, '/f', { settings: { contact: 'admin@portal.example' } });
    assert.equal(server.requests.length, 1);
    const [request] = server.requests;
    assert.match(
      request?.headers['user-agent'] ?? '',
      /^portal-archiver\/\S+ \(\+https:\/\/portal\.example; admin@portal\.example\)$/,
    );
    assert.equal(request?.headers['accept-encoding'], 'identity');
  });

  it('carries what the settings say for its host', async () => {
    const server = await OddServer.start({ '/f?key=a%26b': answer(200, {}, CSV) });
    const attempt = await fetchOnce(server, '/f', {
      settings: {
        hosts: { '127.0.0.1': { headers: { 'X-Api': '1' }, credential: { kind: 'query', name: 'key', value: 'a&b' } } },
      },
    });
    assert.equal(attempt.code, 'archived');
    assert.equal(server.requests[0]?.headers['x-api'], '1');
    assert.doesNotMatch(JSON.stringify(attempt), /a%26b|a&b/);
  });

  it('carries what the settings say for its host and port', async () => {
    const server = await OddServer.start({ '/f': answer(200, {}, CSV) });
    const hosts = {
      [`127.0.0.1:${server.port}`]: { headers: { 'X-Api': 'port' } },
      '127.0.0.1': { headers: { 'X-Api': 'host' } },
    };
    await fetchOnce(server, '/f', { settings: { hosts } });
    assert.equal(server.requests[0]?.headers['x-api'], 'port');
  });

  it('that is blocked tells the operator which address was meant, and the public nothing', async () => {
    const server = await OddServer.start({ '/f': answer(302, { location: 'http://10.1.2.3:8080/x' }) });
    const attempt = await fetchOnce(server, '/f');
    assert.equal(attempt.code, 'blocked-address');
    assert.equal(attempt.reason, 'The address could not be reached from the archive.');
    assert.match(attempt.detail ?? '', /10\.1\.2\.3/);
  });

  it('whose link is too broken to be asked repeats no password of it, and nothing else is hidden', async () => {
    const fetcher = testFetcher();
    const shown = async (url: string) => {
      const attempt = await fetcher.fetch(requestFor(url), null, new AbortController().signal);
      assert.doesNotMatch(JSON.stringify(attempt), /secret/, url);
      return [attempt.code, attempt.url];
    };
    assert.deepEqual(await shown('http:user:secret@a.example/x'), ['invalid-url', 'http:a.example/x']);
    assert.deepEqual(await shown('http://user:secret/2@a.example/x'), ['invalid-url', 'http://a.example/x']);
    assert.deepEqual(await shown('user:secret@a.example/x'), ['unsupported-scheme', 'user:a.example/x']);
    assert.deepEqual(await shown('mailto:a@b.example'), ['unsupported-scheme', 'mailto:a@b.example']);
    assert.deepEqual(await shown(' ftp://a.example/x '), ['unsupported-scheme', ' ftp://a.example/x ']);
    await fetcher.close();
  });

  it('is not sent to an excluded host', async () => {
    const server = await OddServer.start({ '/f': answer(200, {}, CSV) });
    const attempt = await fetchOnce(server, '/f', { settings: { excludeHosts: ['127.0.0.1'] } });
    assert.deepEqual([attempt.kind, attempt.code, attempt.requests], ['refused', 'excluded', 0]);
  });

  it('is repeated once, uncounted, when a kept connection turns out to be dead', async () => {
    const server = await OddServer.start({
      '/f': [answer(200, {}, CSV), (socket) => socket.destroy(), answer(200, {}, CSV)],
    });
    const fetcher = testFetcher();
    const ask = () => fetcher.fetch(requestFor(server.url('/f')), null, new AbortController().signal);
    await ask();
    // The pool offers a connection again in the turn after the one in which its answer ended.
    await new Promise((resolve) => setImmediate(resolve));
    const second = await ask();
    await fetcher.close();
    await server.stop();
    assert.deepEqual([second.code, second.requests, server.requests.length], ['archived', 1, 3]);
  });

  it('is repeated on a new connection, however many kept ones are dead', async () => {
    const served = new Set<unknown>();
    let waiting: (() => void)[] = [];
    const server = await OddServer.start({
      // Four connections at once, each of which dies when it is used again.
      '/f': (socket, request) => {
        if (served.has(socket)) {
          socket.destroy();
          return;
        }
        served.add(socket);
        waiting.push(() => answer(200, {}, CSV)(socket, request));
        if (waiting.length < 4 && served.size <= 4) return;
        for (const reply of waiting) reply();
        waiting = [];
      },
    });
    const fetcher = testFetcher();
    const ask = () => fetcher.fetch(requestFor(server.url('/f')), null, new AbortController().signal);
    await Promise.all([ask(), ask(), ask(), ask()]);
    await new Promise((resolve) => setImmediate(resolve));
    const last = await ask();
    await fetcher.close();
    await server.stop();
    assert.deepEqual([last.code, last.requests, server.requests.length], ['archived', 1, 6]);
  });

  it('records what a page is that it does not archive', async () => {
    const page = '<!doctype html><html><head><title>Log in</title></head><body></body></html>';
    const server = await OddServer.start({ '/f.csv': answer(200, { 'content-type': 'text/csv' }, page) });
    const attempt = await fetchOnce(server, '/f.csv', { request: { declaredFormat: 'CSV' } });
    assert.deepEqual(
      [attempt.kind, attempt.code, attempt.mediaType, attempt.bytes],
      ['refused', 'not-data', 'text/html', page.length],
    );
  });

  it('stops reading a page that never ends', async () => {
    const server = await OddServer.start({
      '/f': sendAndClose(head(200, {}), '<!doctype html><html><body>', '<p>text</p>'.repeat(20_000)),
    });
    assert.equal((await fetchOnce(server, '/f')).code, 'not-data');
  });
});

describe('an error in JSON with 200', () => {
  const error = '{"error":"no such thing"}';
  const rows = [
    ['is no data where a table was promised', '/f.csv', error, ['refused', 'not-data']],
    ['is a service error where JSON was', '/f.json', error, ['failed', 'service-error']],
    [
      'is a service error anywhere in the form of a service',
      '/f.csv',
      '{"error":{"code":498,"message":"Invalid token."}}',
      ['failed', 'service-error'],
    ],
  ] as const;
  for (const [title, path, body, expected] of rows) {
    it(title, async () => {
      const server = await OddServer.start({ [path]: answer(200, { 'content-type': 'application/json' }, body) });
      const attempt = await fetchOnce(server, path);
      assert.deepEqual([attempt.kind, attempt.code], expected);
      assert.match(attempt.reason, /no such thing|Invalid token/);
    });
  }
});

describe('a service', () => {
  const capabilities = (version: string) =>
    `<?xml version="1.0"?><WMS_Capabilities xmlns="http://www.opengis.net/wms" version="${version}"><Service><Name>WMS</Name></Service></WMS_Capabilities>`;
  const exception =
    '<?xml version="1.0"?><ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc"><ServiceException code="X">Missing parameter</ServiceException></ServiceExceptionReport>';

  it('is asked for its capabilities when its bare URL is empty', async () => {
    const server = await OddServer.start({
      '*': (socket, request) =>
        (/request=getcapabilities/i.test(request.path)
          ? answer(200, { 'content-type': 'text/xml' }, capabilities('1.3.0'))
          : answer(200, {}))(socket, request),
    });
    const attempt = await fetchOnce(server, '/wms', { request: { declaredFormat: 'WMS' } });
    assert.deepEqual([attempt.code, attempt.service], ['archived', 'WMS 1.3'], attempt.reason);
  });

  it('that answers everything with an error report is a service error', async () => {
    const server = await OddServer.start({ '*': answer(200, { 'content-type': 'text/xml' }, exception) });
    const attempt = await fetchOnce(server, '/wms', { request: { declaredFormat: 'WMS' } });
    assert.deepEqual([attempt.kind, attempt.code], ['failed', 'service-error']);
    assert.match(attempt.reason, /Missing parameter/);
  });
});
