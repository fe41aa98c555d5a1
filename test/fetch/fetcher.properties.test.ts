import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Agents } from '../../plugin/fetch/connect/agents.ts';
import type { Fetcher } from '../../plugin/fetch/fetcher.ts';
import { CODES } from '../../plugin/model/status.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { CSV, MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { resetConnection } from '../support/resetConnection.ts';

const FILE = Buffer.from(CSV);
let bytes: Uint8Array = new Uint8Array();
let ends: 'well' | 'with a reset' = 'well';
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    if (ends === 'well') socket.end(bytes);
    else socket.write(bytes, () => setTimeout(() => resetConnection(socket), 5));
  });
});
const TOTAL_MS = 1500;
let fetcher: Fetcher;
let url = '';

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.csv`;
  fetcher = testFetcher({ firstByteTimeoutMs: 500, idleTimeoutMs: 500, totalTimeoutMs: TOTAL_MS });
});

after(async () => {
  await fetcher.close();
  // Resolves only when no connection is left.
  await new Promise((resolve) => {
    server.close(resolve);
  });
  // A closed handle goes in the turn after.
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|FSReq/.test(name)),
    [],
  );
});

async function attemptWith(answer: Uint8Array) {
  bytes = answer;
  const stages = new MemoryStages();
  const attempt = await fetcher.fetch(requestFor(url), stages, new AbortController().signal);
  assert.ok(Object.hasOwn(CODES, attempt.code));
  assert.equal(stages.open, 0);
  assert.equal(attempt.stage !== null, attempt.kind === 'fetched');
  assert.ok(attempt.ms < TOTAL_MS + 1000, `${attempt.ms} ms`);
  return attempt;
}

const token = fc.constantFrom(
  'Content-Length',
  'Transfer-Encoding',
  'Content-Encoding',
  'ETag',
  'Location',
  'Set-Cookie',
  'Content-Type',
  'Retry-After',
  'Repr-Digest',
  'Content-Range',
  'X-Any',
);
const value = fc.oneof(
  fc.constantFrom(
    '5',
    '0',
    '-1',
    '99999999999999999999',
    'chunked',
    'gzip',
    'identity',
    'gzip, chunked',
    '"x"',
    '/',
    'bytes 0-1/2',
    '',
  ),
  fc.string({ maxLength: 40 }),
);
const headerBlock = fc.array(fc.tuple(token, value), { maxLength: 8 });
const LIMITS = { numRuns: 150, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false } as const;

describe('one URL and any server', () => {
  it('gives an attempt and leaves nothing behind, whatever the header block', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(200, 204, 206, 301, 302, 304, 404, 416, 500),
        headerBlock,
        async (status, headers) => {
          const lines = headers.map(([name, text]) => `${name}: ${text}\r\n`).join('');
          await attemptWith(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${lines}\r\n`, 'latin1'), FILE]));
        },
      ),
      LIMITS,
    );
  });

  it('gives an attempt whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (garbage) => {
        const attempt = await attemptWith(garbage);
        assert.notEqual(attempt.kind, 'unchanged');
      }),
      LIMITS,
    );
  });

  it('never takes a part for the whole, wherever a body of known length is cut', async () => {
    const whole = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${FILE.length}\r\n\r\n`), FILE]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (cut) => {
        const attempt = await attemptWith(whole.subarray(0, cut));
        assert.equal(attempt.kind === 'fetched', cut === whole.length, attempt.reason);
      }),
      LIMITS,
    );
  });

  it('never takes a part for the whole, wherever a chunked body is cut', async () => {
    const chunks = `5\r\n${CSV.slice(0, 5)}\r\n${(CSV.length - 5).toString(16)}\r\n${CSV.slice(5)}\r\n0\r\n\r\n`;
    const whole = Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (cut) => {
        const attempt = await attemptWith(whole.subarray(0, cut));
        assert.equal(attempt.kind === 'fetched', cut === whole.length, attempt.reason);
      }),
      LIMITS,
    );
  });

  it('never takes a part for the whole, wherever a reset cuts a body without a length', async () => {
    const top = 'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n';
    ends = 'with a reset';
    try {
      await fc.assert(
        fc.asyncProperty(fc.nat(FILE.length), async (cut) => {
          const attempt = await attemptWith(Buffer.concat([Buffer.from(top), FILE.subarray(0, cut)]));
          assert.equal(attempt.kind, 'failed', attempt.reason);
        }),
        { ...LIMITS, numRuns: 40 },
      );
    } finally {
      ends = 'well';
    }
  });

  it('never takes a part for the whole, wherever a coded body is cut', async () => {
    const coded = gzipSync(FILE);
    const top = Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n');
    await fc.assert(
      fc.asyncProperty(fc.nat(coded.length), async (cut) => {
        const attempt = await attemptWith(Buffer.concat([top, coded.subarray(0, cut)]));
        assert.equal(attempt.kind === 'fetched', cut === coded.length, attempt.reason);
      }),
      LIMITS,
    );
  });

  it('gives an attempt for any text behind http://, and asks no address but the one that was vetted', async () => {
    const config = { ...loadConfig({ environment: {} }), totalTimeoutMs: TOTAL_MS };
    const asked = new Set<string>();
    const agents = new Agents(config, {
      resolver: { resolve: async () => [{ address: '8.8.8.8', family: 4 }] },
      connectSocket: ({ host }) => {
        asked.add(host);
        const socket = new Socket();
        process.nextTick(() => socket.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
        return socket;
      },
    });
    const dialling = testFetcher({}, { agents });
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((text) => `[${text}]`),
      fc.domain(),
    );
    const text = fc.oneof(
      fc.webUrl(),
      fc.string({ unit: 'binary' }).map((some) => `http://${some}`),
      address.map((host) => `http://${host}:8080/`),
    );
    await fc.assert(
      fc.asyncProperty(text, async (some) => {
        asked.clear();
        const attempt = await dialling.fetch(requestFor(some), null, new AbortController().signal);
        assert.equal(attempt.requests, 0);
        assert.match(attempt.code, /^(invalid-url|blocked-address|blocked-port|refused)$/);
        assert.equal(asked.size, attempt.code === 'refused' ? 1 : 0);
        if (attempt.kind === 'refused') assert.doesNotMatch(attempt.reason, /\d/);
      }),
      LIMITS,
    );
    await dialling.close();
  });

  it('gives an attempt for any text as a URL, without asking anybody outside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.webUrl({ validSchemes: ['ftp', 'file', 'data'] })), async (text) => {
        fc.pre(!/^\s*https?:/i.test(text));
        const attempt = await fetcher.fetch(requestFor(text), null, new AbortController().signal);
        assert.equal(attempt.requests, 0);
        assert.ok(attempt.code === 'invalid-url' || attempt.code === 'unsupported-scheme');
      }),
      LIMITS,
    );
  });
});
