import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import zlib from 'node:zlib';
import { nextKnown } from '../../plugin/decide/nextKnown.ts';
import { Agents } from '../../plugin/fetch/connect/agents.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { authority, certificate } from '../support/certificates.ts';
import { CSV, fetchOnce, knownOf, requestFor, testFetcher } from '../support/fetching.ts';
import { NameServer } from '../support/nameServer.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose, sendAndReset } from '../support/oddServer.ts';

// What the CKAN archiver's suites leave out, by its number in the list of conformance.

const CSV_ANSWER = answer(200, { 'content-type': 'text/csv' }, CSV);
const SHA256 = createHash('sha256').update(CSV).digest('hex');
const summary = ({ kind, code, transient }: Attempt) => `${kind} ${code}${transient ? ', may pass' : ''}`;

async function fetchFrom(reply: Reply | readonly Reply[], options: Parameters<typeof fetchOnce>[2] = {}) {
  return fetchOnce(await OddServer.start({ '*': reply }), '/f.csv', options);
}

describe('G01 lengths', () => {
  const rows: readonly (readonly [string, Reply, string])[] = [
    ['a real Content-Length', answer(200, {}, CSV), 'fetched archived'],
    ['one that is exactly the limit', answer(200, {}, 'a,b\n'.repeat(25)), 'fetched archived'],
    ['one below the limit', answer(200, {}, `${'a,b\n'.repeat(24)}a,b`), 'fetched archived'],
    ['one above the limit', answer(200, {}, `${'a,b\n'.repeat(25)}a`), 'refused too-large'],
    ['a compressed body', answer(200, { 'content-encoding': 'gzip' }, zlib.gzipSync(CSV)), 'fetched archived'],
    [
      'a compressed body that is above the limit when decoded',
      answer(200, { 'content-encoding': 'gzip' }, zlib.gzipSync('a,b\n'.repeat(26))),
      'refused too-large',
    ],
    ['a length too short', answer(200, { 'content-length': '5' }, CSV), 'fetched archived'],
    ['a length too long', sendAndClose(head(200, { 'content-length': '90' }), CSV), 'failed truncated, may pass'],
  ];
  for (const [title, reply, expected] of rows) {
    it(`${title}: ${expected}`, async () =>
      assert.equal(summary(await fetchFrom(reply, { settings: { maxBytes: 100 } })), expected));
  }
});

describe('G02 a timeout', () => {
  it('on connect, on the first byte, on a pause and on the total ends the attempt and frees the worker', async (test) => {
    const drip: Reply = (socket) => {
      socket.write(head(200, { 'content-length': '1000' }));
      const timer = setInterval(() => socket.write('a'), 20);
      socket.on('close', () => clearInterval(timer));
    };
    const limits = { connectTimeoutMs: 100, firstByteTimeoutMs: 100, idleTimeoutMs: 100, totalTimeoutMs: 400 };
    for (const reply of [() => undefined, send(head(200, { 'content-length': '50' }), 'a'), drip] as const) {
      assert.equal(summary(await fetchFrom(reply, { settings: limits })), 'failed timeout, may pass');
    }
    const config = configWith(limits);
    const silent = testFetcher(limits, { agents: new Agents(config, { connectSocket: () => new Socket() }) });
    test.after(() => silent.close());
    const attempt = await silent.fetch(requestFor('http://127.0.0.1:8080/'), null, new AbortController().signal);
    assert.deepEqual([summary(attempt), attempt.requests], ['failed timeout, may pass', 0]);
  });
});

describe('G03 a connection', () => {
  it('that is refused, a name that is not there, a reset in the body', async (test) => {
    const gone = await OddServer.start({});
    const port = gone.port;
    await gone.stop();
    const names = await NameServer.start(({ name }) => (name.startsWith('servfail') ? 'SERVFAIL' : 'NXDOMAIN'));
    const fetcher = testFetcher({ dnsServers: [names.server] });
    test.after(async () => {
      await fetcher.close();
      await names.stop();
    });
    const ask = async (url: string) =>
      summary(await fetcher.fetch(requestFor(url), null, new AbortController().signal));
    assert.equal(await ask(`http://127.0.0.1:${port}/`), 'failed refused, may pass');
    assert.equal(await ask('http://nowhere.example/'), 'failed dns');
    assert.equal(await ask('http://servfail.example/'), 'failed dns, may pass');
    const reset = sendAndReset(head(200, { 'content-length': '100' }), CSV);
    assert.equal(summary(await fetchFrom(reset)), 'failed truncated, may pass');
  });

  for (const [name, verify, expected] of [
    ['good', true, 'fetched archived'],
    ['expired', true, 'failed tls'],
    ['selfSigned', true, 'failed tls'],
    ['wrongHost', true, 'failed tls'],
    ['expired', false, 'fetched archived'],
  ] as const) {
    it(`with TLS and the certificate ${name}${verify ? '' : ', unverified'}: ${expected}`, async (test) => {
      const attempt = await overTls(test, name, verify);
      assert.equal(summary(attempt), expected, attempt.reason);
    });
  }
});

async function overTls(test: TestContext, name: Parameters<typeof certificate>[0], verify: boolean) {
  const server = createServer(certificate(name), (_, response) => response.end(CSV)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const names = await NameServer.start(({ type }) => (type === 'A' ? ['127.0.0.1'] : []));
  const hosts = { 'data.example': { tls: { verify, ca: authority() } } };
  const fetcher = testFetcher({ hosts, dnsServers: [names.server] });
  test.after(async () => {
    await fetcher.close();
    await names.stop();
    server.closeAllConnections();
    server.close();
  });
  const url = `https://data.example:${(server.address() as AddressInfo).port}/f.csv`;
  return fetcher.fetch(requestFor(url), null, new AbortController().signal);
}

describe('G04 redirects', () => {
  const to = (status: number, location: string) => send(head(status, { location, 'content-length': '0' }));
  for (const status of [301, 302, 303, 307, 308]) {
    const permanent = status === 301 || status === 308;
    it(`${status} leads on, and ${permanent ? 'counts' : 'does not count'} as moved`, async () => {
      const server = await OddServer.start({ '/f.csv': to(status, 'g.csv'), '/g.csv': CSV_ANSWER });
      const attempt = await fetchOnce(server, '/f.csv');
      assert.deepEqual([attempt.code, attempt.moved, attempt.redirects.length], ['archived', permanent, 1]);
    });
  }
  for (const [title, location, expected] of [
    ['in a circle', '/f.csv', 'failed redirect-loop'],
    ['to another scheme', 'ftp://data.example/f.csv', 'failed bad-redirect'],
    ['to a private address', 'http://10.0.0.1/f.csv', 'refused blocked-address'],
    ['to a file that is gone', '/gone.csv', 'failed gone'],
  ] as const) {
    it(`${title}: ${expected}, with the chain and the final URL`, async () => {
      const server = await OddServer.start({ '/f.csv': to(302, location) });
      const last = new URL(location, server.url('/f.csv')).href;
      const attempt = await fetchOnce(server, '/f.csv');
      assert.equal(summary(attempt), expected);
      if (expected !== 'failed bad-redirect') assert.equal(attempt.finalUrl, last);
      assert.equal(attempt.requests, expected === 'failed gone' ? 2 : 1);
    });
  }
  it('more than ten: failed redirect-loop', async () => {
    const script = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`/${at}`, to(302, `/${at + 1}`)]));
    assert.equal(summary(await fetchOnce(await OddServer.start(script), '/0')), 'failed redirect-loop');
  });
});

describe('G05 an address that is no publisher’s', () => {
  const hosts =
    '127.0.0.1 10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 169.254.169.254 0 2130706433 0x7f.1 0177.0.0.1 127.1 ' +
    '[::] [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] ' +
    '[fe80::1] [fd00:ec2::254] localhost private.example mixed.example';
  it('is never asked, however it is written or named, nor on a later hop or a later look-up', async (test) => {
    const names = await NameServer.start(({ name, type, asked }) => {
      if (type !== 'A') return [];
      if (name === 'mixed.example') return ['127.0.0.1', '10.0.0.1'];
      return name === 'private.example' || asked > 0 ? ['10.0.0.1'] : ['127.0.0.1'];
    });
    const server = await OddServer.start({
      '*': (socket) => {
        const location = `http://rebound.example:${server.port}/again`;
        sendAndClose(head(302, { location, 'content-length': '0', connection: 'close' }))(socket, NOTHING);
      },
    });
    const settings = { dnsServers: [names.server], allowNetworks: [] };
    const connectSocket = () => assert.fail('a socket was opened');
    const guarded = testFetcher(settings, { agents: new Agents(configWith(settings), { connectSocket }) });
    const open = testFetcher({ dnsServers: [names.server] });
    test.after(async () => {
      await guarded.close();
      await open.close();
      await server.stop();
      await names.stop();
    });
    const { signal } = new AbortController();
    for (const host of hosts.split(' ')) {
      const attempt = await guarded.fetch(requestFor(`http://${host}:8080/`), null, signal);
      assert.equal(`${summary(attempt)} ${attempt.requests}`, 'refused blocked-address 0', host);
      assert.doesNotMatch(attempt.reason, /\d/);
    }
    const rebound = await open.fetch(requestFor(`http://rebound.example:${server.port}/`), null, signal);
    assert.equal(`${summary(rebound)} ${rebound.requests}`, 'refused blocked-address 1');
  });
});

const NOTHING = { method: '', path: '', headers: {}, connection: 0 };

function configWith(settings: Partial<Config>): Config {
  return {
    ...loadConfig({ environment: {} }),
    allowNetworks: [{ cidr: '127.0.0.0/8', port: null }],
    ...settings,
  };
}

describe('G06 a recheck', () => {
  const etag = '"v1"';
  const date = 'Sat, 01 Nov 2025 10:00:00 GMT';
  const conditional: Reply = (socket, { headers }) => {
    const asked = headers['if-none-match'] ?? headers['if-modified-since'];
    (asked === undefined ? CSV_ANSWER : send('HTTP/1.1 304 Not Modified\r\n\r\n'))(socket, NOTHING);
  };
  const rows = [
    ['If-None-Match and 304', conditional, { headers: { etag } }, 'unchanged not-modified'],
    ['a weak entity-tag and 304', conditional, { headers: { etag: `W/${etag}` } }, 'unchanged not-modified'],
    ['If-Modified-Since and 304', conditional, { headers: { 'last-modified': date } }, 'unchanged not-modified'],
    ['200 with the same entity-tag', answer(200, { etag }, CSV), { headers: { etag } }, 'unchanged same-length'],
    ['200 with the same hash', CSV_ANSWER, { headers: {} }, 'unchanged same-hash'],
    ['no validators when the copy is missing', conditional, { headers: { etag }, bytes: null }, 'fetched archived'],
    [
      'no validators of another URL',
      conditional,
      { headers: { etag }, url: 'http://a.example/' },
      'unchanged same-hash',
    ],
  ] as const;
  for (const [title, reply, known, expected] of rows) {
    it(`${title}: ${expected}`, async () => {
      const server = await OddServer.start({ '/f.csv': reply });
      const request = { known: knownOf(server.url('/f.csv'), { sha256: SHA256, ...known }) };
      assert.equal(summary(await fetchOnce(server, '/f.csv', { request })), expected);
    });
  }
  it('never remembers the entity-tag of an error', async () => {
    const attempt = await fetchFrom(answer(500, { etag: '"error"' }, 'sorry'));
    assert.deepEqual(attempt.validators, { etag: null, lastModified: null });
  });
});

describe('G07 what is fresh', () => {
  for (const [title, mode, cacheControl, expected] of [
    ['is not asked for on a sweep', 'sweep', 'max-age=3600', 'unchanged still-fresh 0'],
    ['is asked for when an administrator wants it', 'demand', 'max-age=3600', 'unchanged same-hash 1'],
    ['is asked for when it was not to be stored', 'sweep', 'max-age=3600, no-store', 'unchanged same-hash 1'],
  ] as const) {
    it(`${title}: ${expected}`, async () => {
      const server = await OddServer.start({ '*': CSV_ANSWER });
      const headers = { 'cache-control': cacheControl };
      const request = { mode, known: knownOf(server.url('/f.csv'), { sha256: SHA256, headers }) };
      const attempt = await fetchOnce(server, '/f.csv', { request });
      assert.equal(`${summary(attempt)} ${attempt.requests}`, expected);
    });
  }
  it('by no-store is archived all the same', async () => {
    const attempt = await fetchFrom(answer(200, { 'cache-control': 'no-store' }, CSV));
    assert.deepEqual([attempt.code, attempt.freshUntil], ['archived', null]);
  });
});

describe('G08 what is unchanged', () => {
  it('counts as confirmed now, works, and trusts its freshness again', async () => {
    const server = await OddServer.start({
      '*': send('HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n'),
    });
    const url = server.url('/f.csv');
    const known = knownOf(url, { headers: { etag: '"a"' }, storedAt: '2026-01-01T00:00:00.000Z', ok: false });
    const attempt = await fetchOnce(server, '/f.csv', { request: { known } });
    const now = new Date('2026-01-02T00:00:00.000Z');
    const next = nextKnown(known, attempt, url, now);
    assert.deepEqual([attempt.kind, attempt.broken], ['unchanged', false]);
    assert.deepEqual(
      [next?.storedAt, next?.ok, next?.headers['cache-control']],
      [now.toISOString(), true, 'max-age=60'],
    );
  });
});

describe('G11 a web page', () => {
  const page = '<!DOCTYPE html><html><head><title>Welcome</title></head><body>…</body></html>';
  const xhtml = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title></head></html>`;
  for (const [title, type, body] of [
    ['is not archived', 'text/html', page],
    ['in XHTML is not archived', 'application/xhtml+xml', xhtml],
    ['under the type of a table is not archived', 'text/csv', page],
  ] as const) {
    it(`${title}, but recorded with type and size`, async () => {
      const attempt = await fetchFrom(answer(200, { 'content-type': type }, Buffer.from(body)));
      assert.deepEqual([attempt.kind, attempt.code, attempt.format], ['refused', 'not-data', 'HTML']);
      assert.deepEqual([attempt.bytes, attempt.stage], [Buffer.byteLength(body), null]);
      assert.match(attempt.mediaType ?? '', /html/);
    });
  }
});

describe('G12 a file name', () => {
  for (const [path, asked, name] of [
    ['/a%20b.csv', '/a%20b.csv', 'a b.csv'],
    ['/a b.csv', '/a%20b.csv', 'a b.csv'],
    ['/z\u00fcrich.csv', '/z%C3%BCrich.csv', 'z\u00fcrich.csv'],
    ['/z%C3%BCrich.csv', '/z%C3%BCrich.csv', 'z\u00fcrich.csv'],
    ['/%2e%2e%2fpasswd', '/%2e%2e%2fpasswd', 'passwd.csv'],
    ['/a%00%1fb.csv', '/a%00%1fb.csv', 'ab.csv'],
    ['/', '/', 'resource.csv'],
    ['/con.csv', '/con.csv', '_con.csv'],
    ['/f.csv?', '/f.csv?', 'f.csv'],
    ['/f.csv?#top', '/f.csv?', 'f.csv'],
    [`/${'x'.repeat(300)}.csv`, `/${'x'.repeat(300)}.csv`, `${'x'.repeat(196)}.csv`],
  ] as const) {
    it(`of ${path.slice(0, 30)} is ${name.slice(0, 30)}, asked for once encoded`, async () => {
      const server = await OddServer.start({ [asked]: CSV_ANSWER });
      const attempt = await fetchOnce(server, path);
      assert.deepEqual([attempt.code, attempt.filename], ['archived', name]);
    });
  }
  it('of Content-Disposition wins, one segment of it', async () => {
    const disposition = 'attachment; filename="../up.csv"';
    assert.equal((await fetchFrom(answer(200, { 'content-disposition': disposition }, CSV))).filename, 'up.csv');
  });
  it('is that of the first Content-Disposition that has one', async () => {
    const sent = ['inline', 'attachment; filename="first.csv"', 'attachment; filename="second.csv"'];
    const attempt = await fetchFrom(answer(200, { 'content-disposition': sent }, CSV));
    assert.equal(attempt.filename, 'first.csv');
  });

  it('is that of a host in any script', async (test) => {
    const names = await NameServer.start(({ name, type }) =>
      name === 'xn--bcher-kva.example' && type === 'A' ? ['127.0.0.1'] : [],
    );
    const server = await OddServer.start({ '/f.csv': CSV_ANSWER });
    const fetcher = testFetcher({ dnsServers: [names.server] });
    test.after(async () => {
      await fetcher.close();
      await server.stop();
      await names.stop();
    });
    const url = `http://b\u00fccher.example:${server.port}/f.csv`;
    const attempt = await fetcher.fetch(requestFor(url), null, new AbortController().signal);
    assert.deepEqual([attempt.code, attempt.filename], ['archived', 'f.csv']);
  });
});

describe('G25 the User-Agent, a host’s headers and the largest size', () => {
  it('hold for every request: the check of a link, a redirect, a recheck', async () => {
    const hosts = { '127.0.0.1': { headers: { 'X-Key': 'k' } } };
    for (const mode of ['check', 'demand', 'sweep'] as const) {
      const server = await OddServer.start({
        '/f.csv': send(head(302, { location: '/g.csv', 'content-length': '0' })),
        '/g.csv': CSV_ANSWER,
      });
      const settings = { hosts, contact: 'admin@portal.example', maxBytes: 5 };
      const attempt = await fetchOnce(server, '/f.csv', { request: { mode }, settings });
      assert.equal(attempt.code, mode === 'check' ? 'checked-only' : 'too-large');
      assert.equal(server.requests.length, 2);
      for (const { headers } of server.requests) {
        assert.match(headers['user-agent'] ?? '', /^portal-archiver\/.*portal\.example; admin@portal\.example/);
        assert.equal(headers['x-key'], 'k');
      }
    }
  });
});

describe('G29 an answer that is no answer yet', () => {
  it('202 is polled until the file is there', async () => {
    const wait = answer(202, { 'retry-after': '0' });
    const attempt = await fetchFrom([wait, wait, CSV_ANSWER]);
    assert.deepEqual([attempt.code, attempt.requests], ['archived', 3]);
  });
  it('200 with the error of an API is a service error', async () => {
    const error = '{"error":{"code":500,"message":"Unable to perform query","details":[]}}';
    const attempt = await fetchFrom(answer(200, { 'content-type': 'application/json' }, error));
    assert.equal(summary(attempt), 'failed service-error');
    assert.match(attempt.reason, /Unable to perform query/);
  });
  it('200 of an API with nothing in it is empty', async () => {
    const attempt = await fetchFrom(answer(200, { 'content-type': 'application/json' }));
    assert.equal(summary(attempt), 'failed empty');
  });
});

it('G30 robots.txt is never asked for, nor the licence', async () => {
  const server = await OddServer.start({ '/f.csv': CSV_ANSWER });
  await fetchOnce(server, '/f.csv');
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ['/f.csv'],
  );
});
