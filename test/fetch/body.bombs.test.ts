import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Attempt } from '../../plugin/model/attempt.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { fetchOnce, MemoryStages } from '../support/fetching.ts';
import { answer, head, OddServer, send, sendAndClose } from '../support/oddServer.ts';

const MIB = 1024 * 1024;
/** Twice what a body may become whatever its ratio. */
const LONG = Buffer.alloc(16 * MIB, 'a,b\n1,2\n');
const TABLE = Buffer.from('id,name\n1,alpha\n2,beta\n');
const EMPTY_MEMBER = gzipSync(Buffer.alloc(0));

const brotli = (bytes: Uint8Array): Buffer =>
  brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } });
const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));
/** One table, and behind it members that hold nothing: the second coding takes in much and puts out little. */
const hollow = (bytes: number): Buffer =>
  Buffer.concat([gzipSync(TABLE), times(Math.ceil(bytes / EMPTY_MEMBER.length), EMPTY_MEMBER)]);

interface Coded {
  readonly attempt: Attempt;
  readonly stages: MemoryStages;
  readonly requests: number;
}

async function fetchCoded(coding: string, body: Uint8Array, settings: Partial<Config> = {}): Promise<Coded> {
  const server = await OddServer.start({ '*': answer(200, { 'content-encoding': coding }, body) });
  const stages = new MemoryStages();
  const attempt = await fetchOnce(server, '/f.csv', { stages, settings });
  return { attempt, stages, requests: server.requests.length };
}

function assertRefused({ attempt, stages, requests }: Coded, code: string, reason: RegExp): void {
  assert.deepEqual([attempt.code, attempt.transient, attempt.stage], [code, false, null], attempt.reason);
  assert.match(attempt.reason, reason);
  assert.deepEqual([requests, stages.open, stages.bodies.size], [1, 0, 0]);
}

describe('a body that grows beyond measure when decoded', () => {
  const bombs: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['gzip', 'gzip', () => gzipSync(LONG)],
    ['x-gzip', 'x-gzip', () => gzipSync(LONG)],
    ['deflate', 'deflate', () => deflateSync(LONG)],
    ['deflate without its frame', 'deflate', () => deflateRawSync(LONG)],
    ['br', 'br', () => brotli(LONG)],
    ['gzip in gzip in gzip', 'gzip, gzip, gzip', () => gzipSync(gzipSync(gzipSync(LONG)))],
    ['deflate in br', 'deflate, br', () => brotli(deflateSync(LONG))],
    ['many members of gzip', 'gzip', () => times(64, gzipSync(LONG.subarray(0, LONG.length / 64)))],
  ];
  for (const [what, coding, body] of bombs) {
    it(`is undecodable, at the first try and for good: ${what}`, async () => {
      assertRefused(await fetchCoded(coding, body()), 'decode', /grows more than 200 times when decoded/);
    });
  }

  const zstd: unknown = Reflect.get(zlib, 'zstdCompressSync');
  it('is undecodable in zstd too', {
    skip: typeof zstd !== 'function' && 'this Node.js has no zstd: run with 22.15 or later',
  }, async () => {
    assert.ok(typeof zstd === 'function');
    assertRefused(await fetchCoded('zstd', zstd(LONG)), 'decode', /grows more than 200 times/);
  });

  it('is found in the middle of a stack, where the end of it is small', async () => {
    assertRefused(await fetchCoded('gzip, gzip', gzipSync(hollow(16 * MIB))), 'decode', /grows more than 200 times/);
    assertRefused(await fetchCoded('gzip, br', brotli(hollow(16 * MIB))), 'decode', /grows more than/);
  });

  it('is too large in the middle of a stack as at its end', async () => {
    const settings = { maxBytes: MIB };
    assertRefused(await fetchCoded('gzip, gzip', gzipSync(hollow(2 * MIB)), settings), 'too-large', /the limit/);
    assertRefused(await fetchCoded('gzip', gzipSync(randomBytes(MIB + 1)), settings), 'too-large', /the limit/);
  });

  it('is refused for the time that decoding it takes', async () => {
    const settings = { maxDecodeMs: 1, maxDecodedRatio: 1_000_000 };
    assertRefused(await fetchCoded('gzip', gzipSync(LONG), settings), 'decode', /longer than the limit of 1 ms/);
    assertRefused(await fetchCoded('gzip, gzip', gzipSync(hollow(16 * MIB)), settings), 'decode', /limit of 1 ms/);
  });

  it('is refused for good also where it came in two parts', async () => {
    const body = Buffer.concat([gzipSync(randomBytes(1.5 * MIB)), gzipSync(LONG)]);
    const about = { 'content-encoding': 'gzip', etag: '"1"' };
    const first = body.subarray(0, body.length - 8);
    const rest = { 'content-length': '8', 'content-range': `bytes ${first.length}-${body.length - 1}/${body.length}` };
    const server = await OddServer.start({
      '*': [
        sendAndClose(head(200, { ...about, 'content-length': String(body.length) }), first),
        send(head(206, { ...about, ...rest }), body.subarray(-8)),
      ],
    });
    const { code, transient } = await fetchOnce(server, '/f.bin', { settings: { maxDecodedRatio: 5 } });
    assert.deepEqual([code, transient], ['decode', false]);
  });

  it('is not looked for behind three codings: a fourth is refused unread', async () => {
    const four = gzipSync(gzipSync(gzipSync(gzipSync(TABLE))));
    assertRefused(await fetchCoded('gzip, gzip, gzip, gzip', four), 'decode', /coded 4 times over/);
  });
});

describe('an honest body', () => {
  const honest: readonly (readonly [string, string, () => Uint8Array, Buffer])[] = [
    ['of three codings', 'gzip, deflate, br', () => brotli(deflateSync(gzipSync(TABLE))), TABLE],
    ['of many members', 'gzip', () => times(500, gzipSync(TABLE)), times(500, TABLE)],
    [
      'that grows a thousand times to 4 MiB',
      'gzip',
      () => gzipSync(LONG.subarray(0, 4 * MIB)),
      LONG.subarray(0, 4 * MIB),
    ],
    ['with a few empty members', 'gzip, gzip', () => gzipSync(hollow(MIB)), TABLE],
  ];
  for (const [what, coding, body, bytes] of honest) {
    it(`${what} is archived as it is`, async () => {
      const { attempt, stages } = await fetchCoded(coding, body());
      assert.equal(attempt.kind, 'fetched', attempt.reason);
      assert.deepEqual(stages.bodyOf(attempt)?.equals(bytes), true);
    });
  }
});
