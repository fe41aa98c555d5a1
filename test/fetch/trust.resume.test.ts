import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { fetchOnce, MemoryStages } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose } from '../support/oddServer.ts';

type Headers = Readonly<Record<string, string>>;

const row = (index: number, word: string): Buffer => Buffer.from(`${index},${word},${index * 7919}\n`);
const FILE = Buffer.concat(Array.from({ length: 100_000 }, (_, index) => row(index, 'alpha')));
const NEW = Buffer.concat(Array.from({ length: 100_000 }, (_, index) => row(index, 'gamma')));
const CUT = 1_500_000;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Closed in good order, with at least a mebibyte there to be continued. */
const broken: Reply = sendAndClose(
  head(200, { 'content-length': String(FILE.length), etag: '"1"' }),
  FILE.subarray(0, CUT),
);
const whole = answer(200, { etag: '"2"' }, NEW);

/** The rest of what was asked for, with other headers or other bytes. */
const part =
  (headers: Headers = {}, file = FILE): Reply =>
  (socket, request) => {
    const bytes = file.subarray(Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0));
    const range = `bytes ${file.length - bytes.length}-${file.length - 1}/${file.length}`;
    const fields = { 'content-length': String(bytes.length), 'content-range': range, etag: '"1"', ...headers };
    send(head(206, fields), bytes)(socket, request);
  };

/** A range that says what was asked for and brings more. */
const tooMuch: Reply = (socket, request) => {
  const have = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
  const range = `bytes ${have}-${FILE.length - 1}/${FILE.length}`;
  sendAndClose(head(206, { 'content-range': range, etag: '"1"' }), FILE.subarray(have), 'more\n')(socket, request);
};

async function fetchBroken(...replies: Reply[]) {
  const stages = new MemoryStages();
  const server = await OddServer.start({ '/f.csv': replies });
  const attempt = await fetchOnce(server, '/f.csv', { stages });
  return { attempt, stages, requests: server.requests };
}

describe('a rest that cannot be used', () => {
  const useless: readonly (readonly [string, Reply, RegExp])[] = [
    ['of another range', part({ 'content-range': `bytes 5-${FILE.length - 1}/${FILE.length}` }), /bytes from 5 on/],
    ['of another total', part({}, Buffer.concat([FILE, FILE])), /the file now has/],
    ['in several parts', part({ 'content-type': 'multipart/byteranges; boundary=x' }), /several ranges/],
    ['with another tag', part({ etag: '"2"' }), /has changed meanwhile/],
    ['of no range', part({ 'content-range': 'bytes */*' }), /does not say which range/],
    ['in another coding', part({ 'content-encoding': 'gzip' }), /encoded otherwise/],
    ['that is a 416', answer(416, { 'content-range': 'bytes */1000' }), /no longer has the rest/],
    ['that is a 412', answer(412, {}), /does not take the condition/],
  ];
  for (const [what, reply, words] of useless) {
    it(`${what} makes the transfer start over, whole`, async () => {
      const { attempt, stages, requests } = await fetchBroken(broken, reply, whole);
      assert.deepEqual([attempt.kind, attempt.code, attempt.sha256], ['fetched', 'archived', sha256(NEW)]);
      assert.ok(stages.bodyOf(attempt)?.equals(NEW), 'no byte of the first answer is in it');
      assert.deepEqual([attempt.validators.etag, attempt.resumed, stages.open], ['"2"', 0, 0]);
      assert.deepEqual(
        [requests.length, requests[2]?.headers.range, requests[2]?.headers['if-range']],
        [3, undefined, undefined],
      );
      assert.ok(attempt.evidence.some((sentence) => words.test(sentence)));
    });
  }

  it('because it brings too much makes the transfer start over', async () => {
    const { attempt, stages } = await fetchBroken(broken, tooMuch, answer(416, {}), whole);
    assert.deepEqual([attempt.code, attempt.sha256, stages.open], ['archived', sha256(NEW), 0]);
  });

  it('makes the transfer start over only once', async () => {
    const { attempt, stages, requests } = await fetchBroken(broken, answer(416, {}), broken, answer(416, {}), whole);
    assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', 'truncated', true]);
    assert.deepEqual([requests.length, stages.open, attempt.stage], [4, 0, null]);
  });

  it('does not end a transfer that breaks again after it has started over', async () => {
    const { attempt, requests } = await fetchBroken(broken, answer(416, {}), broken, part());
    assert.deepEqual([attempt.code, attempt.sha256, attempt.resumed], ['archived', sha256(FILE), 1]);
    assert.equal(requests.length, 4);
  });

  it('waits for a busy server before it starts over', async () => {
    const { attempt, requests } = await fetchBroken(
      broken,
      answer(416, {}),
      answer(503, { 'retry-after': '0' }),
      whole,
    );
    assert.deepEqual([attempt.code, attempt.sha256, requests.length], ['archived', sha256(NEW), 4]);
  });

  it('leaves the attempt truncated where the whole cannot be had either', async () => {
    const { attempt, stages } = await fetchBroken(broken, answer(416, {}), answer(404, {}));
    assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', 'truncated', true]);
    assert.deepEqual([stages.open, attempt.stage], [0, null]);
  });
});

describe('a rest that fits', () => {
  it('is continued as it was', async () => {
    const { attempt, stages, requests } = await fetchBroken(broken, part());
    assert.deepEqual([attempt.code, attempt.resumed, requests.length], ['archived', 1, 2]);
    assert.ok(stages.bodyOf(attempt)?.equals(FILE));
  });

  it('is not asked for on the date of a clock that begins', async () => {
    const zero = 'Tue, 01 Jan 1980 00:00:00 GMT';
    const cut = sendAndClose(
      head(200, { 'content-length': String(FILE.length), 'last-modified': zero }),
      FILE.subarray(0, CUT),
    );
    const { attempt, requests } = await fetchBroken(cut, part());
    assert.deepEqual([attempt.code, requests.length], ['truncated', 1]);
  });
});
