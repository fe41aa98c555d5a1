import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import zlib from 'node:zlib';
import { CSV, fetchOnce, MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose, sendAndReset } from '../support/oddServer.ts';

const LENGTH = String(CSV.length);
const LARGE = Buffer.alloc(3_000_000, 'id,name\n1,alpha\n2,beta\n');

interface Case {
  readonly title: string;
  readonly reply: Reply;
  readonly code: string;
  readonly lenient?: boolean;
  readonly body?: string;
}

const CASES: readonly Case[] = [
  { title: 'archives a body of the declared length', reply: answer(200, {}, CSV), code: 'archived' },
  {
    title: 'archives a chunked body',
    reply: send(head(200, { 'transfer-encoding': 'chunked' }), chunk(CSV), '0\r\n\r\n'),
    code: 'archived',
  },
  { title: 'archives a body that ends with the connection', reply: sendAndClose(head(200, {}), CSV), code: 'archived' },
  {
    title: 'archives after an announcement (103)',
    reply: send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', head(200, { 'content-length': LENGTH }), CSV),
    code: 'archived',
  },
  {
    title: 'archives after an unsolicited 100',
    reply: send('HTTP/1.1 100 Continue\r\n\r\n', head(200, { 'content-length': LENGTH }), CSV),
    code: 'archived',
    lenient: true,
  },
  {
    title: 'archives from a server that ends lines with a bare line feed',
    reply: sendAndClose(`HTTP/1.1 200 OK\nContent-Type: text/csv\n\n${CSV}`),
    code: 'archived',
    lenient: true,
  },
  {
    title: 'archives with a folded header',
    reply: send(`HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: ${LENGTH}\r\n\r\n`, CSV),
    code: 'archived',
    lenient: true,
  },
  {
    title: 'archives with the same Content-Length sent twice',
    reply: send(head(200, { 'content-length': [LENGTH, LENGTH] }), CSV),
    code: 'archived',
    lenient: true,
  },
  {
    title: 'archives with a Content-Length that is no number',
    reply: sendAndClose(head(200, { 'content-length': 'abc' }), CSV),
    code: 'archived',
    lenient: true,
  },
  ...['-5', '9e999', '+12', '0x10', '1.5', '12;', '5 5', `${LENGTH}, -5`].map((length) => ({
    title: `refuses a Content-Length of ${length}`,
    reply: sendAndClose(head(200, { 'content-length': length }), CSV),
    code: 'protocol' as const,
    lenient: true,
  })),
  {
    title: 'archives chunks whose sizes are padded',
    reply: send(head(200, { 'transfer-encoding': 'chunked' }), `${CSV.length.toString(16)}  \r\n${CSV}\r\n0\r\n\r\n`),
    code: 'archived',
    lenient: true,
  },
  ...['9007199254740993', '99999999999999999', '99999999999999999999999999'].map((length) => ({
    title: `calls a declared length of ${length} too large`,
    reply: sendAndClose(head(200, { 'content-length': length }), CSV),
    code: 'too-large',
  })),
  {
    title: 'calls two different lengths a broken protocol',
    reply: send(head(200, { 'content-length': ['5', '6'] }), CSV),
    code: 'protocol',
  },
  {
    title: 'calls bytes that are no HTTP a broken protocol',
    reply: sendAndClose('SSH-2.0-OpenSSH_9.6\r\n'),
    code: 'protocol',
  },
  {
    title: 'calls a head above 64 KiB a broken protocol',
    reply: send('HTTP/1.1 200 OK\r\nX-A: ', 'y'.repeat(70_000), `\r\nContent-Length: ${LENGTH}\r\n\r\n`, CSV),
    code: 'protocol',
  },
  {
    title: 'counts the whole of the lines of a head',
    reply: send(`HTTP/1.1 200 OK\r\n${`A: ${'b'.repeat(55)}\r\n`.repeat(1100)}Content-Length: ${LENGTH}\r\n\r\n`, CSV),
    code: 'protocol',
  },
  {
    title: 'calls a first line that does not end a broken protocol',
    reply: drip('HTTP/1.1 200 ', 'y'.repeat(10_000)),
    code: 'protocol',
  },
  {
    title: 'calls thousands of header lines a broken protocol',
    reply: send(`HTTP/1.1 200 OK\r\n${'A:\r\n'.repeat(10_000)}\r\n`),
    code: 'protocol',
  },
  {
    title: 'calls thousands of header lines a broken protocol for the lenient parser too',
    reply: send(`HTTP/1.1 200 OK\n${'A:\n'.repeat(10_000)}\n`),
    code: 'protocol',
  },
  {
    title: 'archives with a thousand header lines',
    reply: send(`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(1000)}Content-Length: ${LENGTH}\r\n\r\n`, CSV),
    code: 'archived',
  },
  {
    title: 'calls a NUL in the head a broken protocol',
    reply: send(`HTTP/1.1 200 O\0K\r\nContent-Length: ${LENGTH}\r\n\r\n`, CSV),
    code: 'protocol',
  },
  {
    title: 'calls an unasked change of protocol a broken protocol',
    reply: send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    code: 'protocol',
  },
  {
    title: 'does not wait through endless interim responses',
    reply: send('HTTP/1.1 102 Processing\r\n\r\n'.repeat(200)),
    code: 'protocol',
  },
  { title: 'calls a connection that closes unanswered reset', reply: sendAndClose(''), code: 'reset' },
  {
    title: 'calls a connection that closes in the head reset',
    reply: sendAndClose('HTTP/1.1 200 OK\r\nContent-'),
    code: 'reset',
  },
  {
    title: 'calls a body shorter than declared truncated',
    reply: sendAndClose(head(200, { 'content-length': '1000' }), CSV),
    code: 'truncated',
  },
  {
    title: 'archives the declared length of a longer body',
    reply: send(head(200, { 'content-length': LENGTH }), CSV, CSV),
    code: 'archived',
  },
  {
    title: 'archives the declared length of a longer body on a closing connection',
    reply: sendAndClose(head(200, { 'content-length': LENGTH, connection: 'close' }), CSV, CSV),
    code: 'archived',
  },
  {
    title: 'forgives a line end behind the body',
    reply: send(head(200, { 'content-length': LENGTH }), CSV, '\r\n'),
    code: 'archived',
  },
  {
    title: 'calls a reset body without a length truncated',
    reply: sendAndReset(head(200, {}), CSV),
    code: 'truncated',
  },
  {
    title: 'calls a reset body with a length truncated',
    reply: sendAndReset(head(200, { 'content-length': '1000' }), CSV),
    code: 'truncated',
  },
  {
    title: 'calls a broken chunk truncated',
    reply: sendAndClose(head(200, { 'transfer-encoding': 'chunked' }), '5\r\nabcde\r\nzz\r\n'),
    code: 'truncated',
  },
  {
    title: 'calls chunks without an end truncated',
    reply: sendAndClose(head(200, { 'transfer-encoding': 'chunked' }), chunk(CSV)),
    code: 'truncated',
  },
  { title: 'calls an answer of length 0 empty', reply: answer(200, {}), code: 'empty' },
  { title: 'calls a closed body without a byte empty', reply: sendAndClose(head(200, {})), code: 'empty' },
  {
    title: 'calls chunks without a byte empty',
    reply: send(head(200, { 'transfer-encoding': 'chunked' }), '0\r\n\r\n'),
    code: 'empty',
  },
  { title: 'calls 204 empty', reply: send('HTTP/1.1 204 No Content\r\n\r\n'), code: 'empty' },
  { title: 'calls 205 empty', reply: answer(205, {}), code: 'empty' },
  {
    title: 'decodes gzip that nobody asked for',
    reply: answer(200, { 'content-encoding': 'gzip' }, zlib.gzipSync(CSV)),
    code: 'archived',
  },
  {
    title: 'decodes gzip in several members',
    reply: answer(
      200,
      { 'content-encoding': 'x-gzip' },
      Buffer.concat([zlib.gzipSync(CSV.slice(0, 9)), zlib.gzipSync(CSV.slice(9))]),
    ),
    code: 'archived',
  },
  {
    title: 'decodes deflate in the zlib format',
    reply: answer(200, { 'content-encoding': 'deflate' }, zlib.deflateSync(CSV)),
    code: 'archived',
  },
  {
    title: 'decodes bare deflate',
    reply: answer(200, { 'content-encoding': 'deflate' }, zlib.deflateRawSync(CSV)),
    code: 'archived',
  },
  {
    title: 'decodes br',
    reply: answer(200, { 'content-encoding': 'BR' }, zlib.brotliCompressSync(CSV)),
    code: 'archived',
  },
  {
    title: 'decodes stacked codings in their order',
    reply: answer(200, { 'content-encoding': 'gzip, br' }, zlib.brotliCompressSync(zlib.gzipSync(CSV))),
    code: 'archived',
  },
  {
    title: 'refuses to decode for ever',
    reply: answer(200, { 'content-encoding': 'gzip, gzip, gzip, gzip' }, CSV),
    code: 'decode',
  },
  {
    title: 'calls an unknown coding undecodable',
    reply: answer(200, { 'content-encoding': 'sdch' }, CSV),
    code: 'decode',
  },
  {
    title: 'takes a character set in the place of a coding for none',
    reply: answer(200, { 'content-encoding': 'utf-8' }, CSV),
    code: 'archived',
  },
  {
    title: 'calls gzip that is none undecodable',
    reply: answer(200, { 'content-encoding': 'gzip' }, CSV),
    code: 'decode',
  },
  {
    title: 'calls gzip with a wrong checksum undecodable',
    reply: answer(200, { 'content-encoding': 'gzip' }, damaged(zlib.gzipSync(CSV))),
    code: 'decode',
  },
  {
    title: 'calls garbage behind gzip undecodable',
    reply: answer(200, { 'content-encoding': 'gzip' }, Buffer.concat([zlib.gzipSync(CSV), Buffer.from('junk')])),
    code: 'decode',
  },
  {
    title: 'calls garbage behind deflate undecodable',
    reply: answer(200, { 'content-encoding': 'deflate' }, Buffer.concat([zlib.deflateSync(CSV), Buffer.from('junk')])),
    code: 'decode',
  },
  {
    title: 'calls garbage behind br undecodable',
    reply: answer(
      200,
      { 'content-encoding': 'br' },
      Buffer.concat([zlib.brotliCompressSync(CSV), Buffer.from('junk')]),
    ),
    code: 'decode',
  },
  {
    title: 'calls gzip cut by the end of the connection truncated',
    reply: sendAndClose(head(200, { 'content-encoding': 'gzip' }), zlib.gzipSync(LARGE).subarray(0, 400)),
    code: 'truncated',
  },
  {
    title: 'refuses a bomb by its ratio',
    reply: answer(200, { 'content-encoding': 'gzip' }, zlib.gzipSync(Buffer.alloc(20_000_000))),
    code: 'decode',
  },
  {
    title: 'calls a wrong Content-MD5 truncated',
    reply: answer(200, { 'content-md5': digest('md5', 'other') }, CSV),
    code: 'truncated',
  },
  {
    title: 'accepts a right Content-MD5',
    reply: answer(200, { 'content-md5': digest('md5', CSV) }, CSV),
    code: 'archived',
  },
  {
    title: 'calls a wrong Repr-Digest truncated',
    reply: answer(200, { 'repr-digest': `sha-256=:${digest('sha256', 'other')}:` }, CSV),
    code: 'truncated',
  },
  {
    title: 'accepts a right Content-Digest of the encoded bytes',
    reply: answer(
      200,
      { 'content-encoding': 'gzip', 'content-digest': `sha-512=:${digest('sha512', zlib.gzipSync(CSV))}:` },
      zlib.gzipSync(CSV),
    ),
    code: 'archived',
  },
  {
    title: 'calls a wrong crc32c of x-goog-hash truncated',
    reply: answer(200, { 'x-goog-hash': 'crc32c=AAAAAA==' }, CSV),
    code: 'truncated',
  },
  {
    title: 'calls a wrong x-amz-checksum-crc32 truncated',
    reply: answer(200, { 'x-amz-checksum-crc32': 'AAAAAA==' }, CSV),
    code: 'truncated',
  },
  {
    title: 'calls a wrong x-amz-checksum-crc64nvme truncated',
    reply: answer(200, { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, CSV),
    code: 'truncated',
  },
  {
    title: 'accepts a right x-amz-checksum-crc64nvme',
    reply: answer(200, { 'x-amz-checksum-crc64nvme': 'zbHBETjXoUE=' }, CSV),
    code: 'archived',
  },
  {
    title: 'takes an unreadable digest for evidence only',
    reply: answer(200, { 'content-md5': 'nonsense', 'repr-digest': 'x' }, CSV),
    code: 'archived',
  },
];

describe('the truth of a body', () => {
  for (const { title, reply, code, lenient = false } of CASES) {
    it(title, async () => {
      const stages = new MemoryStages();
      const server = await OddServer.start({ '/file.csv': reply });
      const attempt = await fetchOnce(server, '/file.csv', { stages });
      assert.equal(attempt.code, code, attempt.reason);
      assert.equal(stages.open, 0);
      if (code !== 'archived') {
        assert.equal(attempt.stage, null);
        assert.equal(stages.keys.length, 0);
        if (attempt.kind === 'failed') assert.deepEqual([attempt.bytes || null, attempt.sha256], [null, null]);
        return;
      }
      assert.equal(attempt.lenient, lenient);
      assert.equal(stages.bodyOf(attempt)?.toString('latin1'), CSV);
      assert.equal(attempt.sha256, createHash('sha256').update(CSV).digest('hex'));
      assert.equal(attempt.md5, createHash('md5').update(CSV).digest('hex'));
    });
  }

  for (const broken of ['zz\r\nabc', '0x5\r\nabcde', '-5\r\nabcde', '5\r\nabcdefgh\r\n', 'f'.repeat(20)]) {
    it(`does not ask twice for chunks that nobody can read: ${JSON.stringify(broken)}`, async () => {
      const server = await OddServer.start({
        '/f.csv': send(head(200, { 'transfer-encoding': 'chunked' }), `${chunk(CSV)}${broken}\r\n0\r\n\r\n`),
      });
      const attempt = await fetchOnce(server, '/f.csv');
      assert.deepEqual([attempt.code, attempt.transient, attempt.requests], ['truncated', true, 1]);
      assert.deepEqual([attempt.lenient, server.requests.length], [false, 1]);
    });
  }

  for (const end of ['5 \r\nabcde\r\n0\r\n\r\n', '5\nabcde\n0\n\n', '5 ;x\r\nabcde\r\n0\r\n\r\n']) {
    it(`asks again, leniently, for chunks that browsers read: ${JSON.stringify(end)}`, async () => {
      const server = await OddServer.start({ '/f.csv': send(head(200, { 'transfer-encoding': 'chunked' }), end) });
      const attempt = await fetchOnce(server, '/f.csv');
      assert.deepEqual([attempt.code, attempt.bytes, attempt.requests, attempt.lenient], ['archived', 5, 2, true]);
    });
  }

  it('takes an honest table that compresses a thousand times', async () => {
    const table = Buffer.alloc(5_000_000, '0,0,0,0\n');
    const server = await OddServer.start({
      '/f.csv': answer(200, { 'content-encoding': 'gzip' }, zlib.gzipSync(table)),
    });
    const attempt = await fetchOnce(server, '/f.csv');
    assert.deepEqual([attempt.code, attempt.bytes], ['archived', table.length]);
  });

  it('takes a large body that comes with the second half of its head', async () => {
    const server = await OddServer.start({
      '/f.csv': (socket, request) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        setTimeout(() => send(`Content-Length: ${LARGE.length}\r\n\r\n`, LARGE)(socket, request), 20);
      },
    });
    const attempt = await fetchOnce(server, '/f.csv');
    assert.deepEqual([attempt.code, attempt.bytes], ['archived', LARGE.length]);
  });

  it('decodes a body that drips byte by byte until the connection ends', async () => {
    const encoded = zlib.gzipSync(CSV);
    const server = await OddServer.start({
      '/f.csv': (socket) => {
        socket.write(head(200, { 'content-encoding': 'gzip' }));
        const next = (at: number) => {
          if (at === encoded.length) socket.end();
          else socket.write(encoded.subarray(at, at + 1), () => setImmediate(() => next(at + 1)));
        };
        next(0);
      },
    });
    const attempt = await fetchOnce(server, '/f.csv');
    assert.deepEqual([attempt.code, attempt.bytes], ['archived', CSV.length], attempt.reason);
  });

  it('names both numbers when the declared length is above the limit, and reads nothing', async () => {
    const server = await OddServer.start({
      '/f.csv': send(head(200, { 'content-length': '1000001', 'content-type': 'text/csv' }), CSV),
    });
    const attempt = await fetchOnce(server, '/f.csv', { settings: { maxBytes: 1_000_000 } });
    assert.equal(attempt.kind, 'refused');
    assert.equal(attempt.code, 'too-large');
    assert.match(attempt.reason, /1000001.*1000000/);
    assert.deepEqual([attempt.bytes, attempt.mediaType], [1_000_001, 'text/csv']);
  });

  it('stops at the limit when no length is declared', async () => {
    const stages = new MemoryStages();
    const server = await OddServer.start({ '/f.csv': sendAndClose(head(200, {}), Buffer.alloc(2_000_001, CSV)) });
    const attempt = await fetchOnce(server, '/f.csv', { settings: { maxBytes: 2_000_000 }, stages });
    assert.equal(attempt.code, 'too-large');
    assert.deepEqual([stages.open, stages.keys.length], [0, 0]);
  });

  it('takes a body that is exactly as large as the limit', async () => {
    const server = await OddServer.start({ '/f.csv': sendAndClose(head(200, {}), CSV) });
    const attempt = await fetchOnce(server, '/f.csv', { settings: { maxBytes: CSV.length } });
    assert.equal(attempt.code, 'archived');
  });

  it('stages a large body in batches, byte for byte', async () => {
    const stages = new MemoryStages();
    const server = await OddServer.start({ '/f.csv': answer(200, {}, LARGE) });
    const attempt = await fetchOnce(server, '/f.csv', { stages });
    assert.ok(stages.bodyOf(attempt)?.equals(LARGE));
    assert.equal(attempt.sha256, createHash('sha256').update(LARGE).digest('hex'));
  });

  for (const [length, headers] of [
    ['no', {}],
    ['a', { connection: 'close', 'content-length': String(LARGE.length) }],
  ] as const) {
    it(`lets a slow store hold back a server that closes, with ${length} declared length`, async () => {
      const stages = new MemoryStages();
      const slow = {
        stageWhole: (key: string, body: Uint8Array) => stages.stageWhole(key, body),
        stage: async (key: string) => {
          const stage = await stages.stage(key);
          const write = async (chunk: Uint8Array) => {
            for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
            await stage.write(chunk);
          };
          return { ...stage, write };
        },
      };
      const server = await OddServer.start({ '/f.csv': sendAndClose(head(200, { ...headers }), LARGE) });
      const fetcher = testFetcher();
      const attempt = await fetcher.fetch(requestFor(server.url('/f.csv')), slow, new AbortController().signal);
      await fetcher.close();
      await server.stop();
      assert.ok(stages.bodyOf(attempt)?.equals(LARGE));
    });
  }

  it('hashes the largest bodies in the helper thread', async () => {
    const body = Buffer.alloc(65 * 1024 * 1024 + 7, CSV);
    const server = await OddServer.start({ '/f.csv': answer(200, {}, body) });
    const attempt = await fetchOnce(server, '/f.csv');
    assert.equal(attempt.sha256, createHash('sha256').update(body).digest('hex'));
    assert.equal(attempt.md5, createHash('md5').update(body).digest('hex'));
  });
});

function drip(start: string, part: string): Reply {
  return (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(part), 1);
    socket.on('close', () => clearInterval(timer));
  };
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length - 6;
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
}

function digest(algorithm: string, of: string | Buffer): string {
  return createHash(algorithm).update(of).digest('base64');
}
