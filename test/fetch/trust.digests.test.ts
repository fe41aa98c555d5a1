import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchInTurn, type Read } from '../support/fetchInTurn.ts';
import { answer } from '../support/oddServer.ts';

const OTHER = 'not the file';
const md5 = (bytes: string): string => createHash('md5').update(bytes).digest('base64');
const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('base64');
const table = (value: string): string => `id,name\n1,${value}\n`;
const LONG = Array.from({ length: 150_000 }, (_, index) => `${index},alpha,${index * 7919}\n`).join('');

type Headers = Readonly<Record<string, string>>;
const WRONG: readonly (readonly [string, Headers, string])[] = [
  ['Content-MD5', { 'content-md5': md5(OTHER) }, 'Content-MD5'],
  ['Repr-Digest', { 'repr-digest': `sha-256=:${sha256(OTHER)}:` }, 'Repr-Digest sha-256'],
  ['Content-Digest', { 'content-digest': `sha-256=:${sha256(OTHER)}:` }, 'Content-Digest sha-256'],
  ['x-goog-hash', { 'x-goog-hash': `md5=${md5(OTHER)}` }, 'x-goog-hash md5'],
  ['a checksum of S3', { 'x-amz-checksum-sha256': sha256(OTHER) }, 'x-amz-checksum-sha256'],
];

const codes = (reads: readonly Read[]) => reads.map(({ attempt: { code, transient } }) => [code, transient]);
const ANOTHER = ['truncated', true];
const TAKEN = ['archived', false];

describe('a digest that does not match', () => {
  for (const [what, headers, field] of WRONG) {
    it(`is doubted once and known to be wrong when the same bytes come again: ${what}`, async () => {
      const reads = await fetchInTurn([1, 2, 3].map(() => answer(200, headers, table('alpha'))));
      assert.deepEqual(codes(reads), [ANOTHER, TAKEN, ['same-hash', false]]);
      assert.match(
        reads[0]?.attempt.reason ?? '',
        new RegExp(`do not match the digest the server sent \\(${field}\\)`),
      );
      const said = `${field} does not match, and the bytes were the same when read again: the field is wrong`;
      assert.ok(reads[1]?.attempt.evidence.includes(said), reads[1]?.attempt.evidence.join('; '));
      assert.deepEqual(reads.at(-1)?.known?.wrongDigests, [field]);
    });
  }

  it('is wrong also for a long file, and for one that is encoded', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const long = await fetchInTurn([1, 2].map(() => answer(200, headers, LONG)));
    assert.deepEqual(codes(long), [ANOTHER, TAKEN]);
    const coded = { ...headers, 'content-encoding': 'gzip' };
    assert.deepEqual(codes(await fetchInTurn([1, 2].map(() => answer(200, coded, gzipSync(LONG))))), [ANOTHER, TAKEN]);
  });

  it('costs the next version of the file no second read', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const reads = await fetchInTurn(['one', 'one', 'two', 'three'].map((value) => answer(200, headers, table(value))));
    assert.deepEqual(codes(reads), [ANOTHER, TAKEN, TAKEN, TAKEN]);
    assert.equal(reads.at(-1)?.known?.doubted, undefined);
  });

  it('is believed again once it has matched', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const right = answer(200, { 'content-md5': md5(table('two')) }, table('two'));
    const wrong = (value: string) => answer(200, headers, table(value));
    const reads = await fetchInTurn([wrong('one'), wrong('one'), right, wrong('three')]);
    assert.deepEqual(codes(reads), [ANOTHER, TAKEN, TAKEN, ANOTHER]);
  });

  it('of the copy that we have is wrong at once', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const [first] = await fetchInTurn([answer(200, {}, table('alpha'))]);
    const reads = await fetchInTurn([answer(200, headers, table('alpha'))], { before: first?.known ?? null });
    assert.deepEqual(codes(reads), [['same-hash', false]]);
  });

  it('of other bytes each time is no lie: never taken, and read three times a round at most', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const reads = await fetchInTurn(['one', 'two', 'three', 'four'].map((value) => answer(200, headers, table(value))));
    assert.deepEqual(codes(reads), [ANOTHER, ANOTHER, ['truncated', false], ['truncated', false]]);
    assert.match(reads[2]?.attempt.reason ?? '', /and were others each of 3 times/);
  });

  it('of another field than before is doubted for itself', async () => {
    const [one, two] = WRONG;
    const headers = { ...one?.[1], ...two?.[1] };
    const reads = await fetchInTurn([
      answer(200, one?.[1] ?? {}, table('alpha')),
      answer(200, headers, table('alpha')),
      answer(200, headers, table('alpha')),
    ]);
    assert.deepEqual(codes(reads), [ANOTHER, ANOTHER, TAKEN]);
  });

  it('keeps its copy meanwhile, whose validators stay known', async () => {
    const [, headers] = WRONG[0] ?? assert.fail();
    const reads = await fetchInTurn([answer(200, { etag: '"1"' }, table('one')), answer(200, headers, table('two'))]);
    const { known } = reads.at(-1) ?? assert.fail();
    assert.deepEqual([known?.headers['etag'], known?.bytes, known?.ok], ['"1"', table('one').length, false]);
  });
});
