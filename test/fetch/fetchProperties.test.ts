import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Fetcher } from '../../plugin/fetch/fetcher.ts';
import { CODES } from '../../plugin/model/status.ts';
import { CSV, MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';

const FILE = Buffer.from(CSV);
let bytes: Uint8Array = new Uint8Array();
const sockets = new Set<import('node:net').Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(bytes));
});
let fetcher: Fetcher;
let url = '';

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.csv`;
  fetcher = testFetcher({ firstByteTimeoutMs: 500, idleTimeoutMs: 500, totalTimeoutMs: 1500 });
});

after(async () => {
  await fetcher.close();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function attemptWith(answer: Uint8Array) {
  bytes = answer;
  const stages = new MemoryStages();
  const attempt = await fetcher.fetch(requestFor(url), stages, new AbortController().signal);
  assert.ok(Object.hasOwn(CODES, attempt.code));
  assert.equal(stages.open, 0);
  assert.equal(attempt.stage !== null, attempt.kind === 'fetched');
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
