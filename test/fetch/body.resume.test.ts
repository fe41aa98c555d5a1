import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchOnce, MemoryStages } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose } from '../support/oddServer.ts';
import { resetConnection } from '../support/resetConnection.ts';

const BODY = Buffer.concat(
  Array.from({ length: 30_000 }, (_, index) => Buffer.from(`${index},alpha,${index * 7919}\n`)),
).subarray(0, 500_000);
const FILE = Buffer.concat([BODY, BODY, BODY, BODY, BODY, BODY]);
const SHA256 = createHash('sha256').update(FILE).digest('hex');
const CUT = 2_000_000;
/** As long as it is because it is hardly compressed. */
const GZIP = gzipSync(FILE, { level: 0 });
const OLD = { 'last-modified': 'Sat, 01 Nov 2025 10:00:00 GMT' };
const DATED = { ...OLD, date: 'Sun, 02 Nov 2025 10:00:00 GMT' };

/** Closed in good order: a reset may overtake the bytes before it, and then too few arrive to continue. */
const broken = (headers: Record<string, string> = { etag: '"v1"' }, file = FILE): Reply =>
  sendAndClose(head(200, { 'content-length': String(file.length), ...headers }), file.subarray(0, CUT));

/** Answers the range that was asked for, up to `bytes` of it. */
const rest =
  (headers: Record<string, string> = {}, cut = false, file = FILE): Reply =>
  (socket, request) => {
    const from = Number(/bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
    const bytes = file.subarray(from);
    const start = head(206, {
      'content-length': String(bytes.length),
      'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
      etag: '"v1"',
      ...headers,
    });
    (cut ? sendAndClose(start, bytes.subarray(0, 300_000)) : send(start, bytes))(socket, request);
  };

async function fetchBroken(...replies: Reply[]) {
  const stages = new MemoryStages();
  const server = await OddServer.start({ '/f.csv': replies });
  const attempt = await fetchOnce(server, '/f.csv', { stages });
  return { attempt, stages, requests: server.requests };
}

describe('a transfer that breaks', () => {
  it('continues where it stopped, tied to the entity-tag', async () => {
    const { attempt, stages, requests } = await fetchBroken(broken(), rest());
    assert.deepEqual([attempt.code, attempt.resumed, attempt.requests, attempt.sha256], ['archived', 1, 2, SHA256]);
    assert.ok(stages.bodyOf(attempt)?.equals(FILE));
    assert.equal(requests[1]?.headers['if-range'], '"v1"');
    assert.match(requests[1]?.headers.range ?? '', /^bytes=\d+-$/);
  });

  it('continues after a reset', async () => {
    const reset: Reply = (socket) => {
      const bytes = [head(200, { 'content-length': String(FILE.length), etag: '"v1"' }), FILE.subarray(0, CUT)];
      for (const part of bytes) socket.write(part);
      setTimeout(() => resetConnection(socket), 300);
    };
    const { attempt } = await fetchBroken(reset, rest());
    assert.deepEqual([attempt.code, attempt.resumed, attempt.sha256], ['archived', 1, SHA256]);
  });

  it('continues more than once', async () => {
    const { attempt } = await fetchBroken(broken(), rest({}, true), rest({}, true), rest());
    assert.deepEqual([attempt.code, attempt.resumed, attempt.sha256], ['archived', 3, SHA256]);
  });

  it('continues on a strong date', async () => {
    const { attempt, requests } = await fetchBroken(broken(DATED), rest());
    assert.equal(attempt.code, 'archived');
    assert.equal(requests[1]?.headers['if-range'], DATED['last-modified']);
  });

  it('continues on an old date although the server tells no time', async () => {
    const { attempt, requests } = await fetchBroken(broken(OLD), rest(OLD));
    assert.equal(attempt.code, 'archived');
    assert.equal(requests[1]?.headers['if-range'], OLD['last-modified']);
  });

  for (const [title, coding] of [
    ['says so', { 'content-encoding': 'gzip' }],
    ['does not repeat it', {}],
  ] as const) {
    it(`continues an encoded body when the rest ${title}`, async () => {
      const { attempt, stages, requests } = await fetchBroken(
        broken({ 'content-encoding': 'gzip', etag: '"v1"' }, GZIP),
        rest(coding, false, GZIP),
      );
      assert.deepEqual([attempt.code, attempt.resumed, attempt.sha256], ['archived', 1, SHA256]);
      assert.ok(stages.bodyOf(attempt)?.equals(FILE));
      assert.equal(requests.length, 2);
    });
  }

  it('may pass when the parts of an encoded body do not fit together', async () => {
    const { attempt, stages } = await fetchBroken(
      broken({ 'content-encoding': 'gzip', etag: '"v1"' }, GZIP),
      rest({}, false, Buffer.alloc(GZIP.length, 'x')),
    );
    assert.deepEqual([attempt.code, attempt.transient, stages.open], ['truncated', true, 0]);
  });

  it('waits as long as a busy server asks', async () => {
    const startedAt = Date.now();
    const busy = answer(429, { 'retry-after': '1' });
    const { attempt, requests } = await fetchBroken(broken(), busy, rest());
    assert.deepEqual([attempt.code, attempt.resumed, requests.length], ['archived', 1, 3]);
    assert.ok(Date.now() - startedAt >= 1000);
  });

  it('leaves a wait that is too long for the attempt to whoever tries again', async () => {
    const { attempt, requests } = await fetchBroken(broken(), answer(503, { 'retry-after': '3600' }));
    assert.deepEqual([attempt.code, attempt.transient, requests.length], ['truncated', true, 2]);
    assert.equal(attempt.retryAfterMs, 3_600_000);
  });

  it('starts over when the server sends the whole file again', async () => {
    const { attempt, stages } = await fetchBroken(broken(), answer(200, { etag: '"v2"' }, FILE));
    assert.deepEqual([attempt.code, attempt.sha256, attempt.validators.etag], ['archived', SHA256, '"v2"']);
    assert.deepEqual([stages.abandoned, stages.open], [1, 0]);
  });

  it('ends after five continuations, at once', async () => {
    const startedAt = Date.now();
    const { attempt, requests, stages } = await fetchBroken(broken(), (socket, request) =>
      sendAndClose(
        head(206, {
          'content-range': `bytes ${/\d+/.exec(request.headers.range ?? '')?.[0]}-${FILE.length - 1}/${FILE.length}`,
          etag: '"v1"',
        }),
        'x',
      )(socket, request),
    );
    assert.deepEqual([attempt.code, attempt.resumed, requests.length], ['truncated', 5, 6]);
    assert.ok(Date.now() - startedAt < 2500, 'it waits only for a server that does not answer');
    assert.equal(stages.open, 0);
  });

  for (const [title, ...replies] of [
    ['nothing to tie it to', broken({})],
    ['only a weak entity-tag', broken({ etag: 'W/"v1"' })],
    ['an entity-tag that changed', broken(), rest({ etag: '"v2"' })],
    ['a date that changed', broken(DATED), rest({ 'last-modified': 'Sat, 08 Nov 2025 10:00:00 GMT' })],
    ['a rest that is encoded', broken(), rest({ 'content-encoding': 'gzip' })],
    ['a range that starts elsewhere', broken(), rest({ 'content-range': `bytes 0-${FILE.length - 1}/${FILE.length}` })],
    ['another total', broken(), rest({ 'content-range': `bytes ${CUT}-${FILE.length}/${FILE.length + 1}` })],
    ['several ranges', broken(), rest({ 'content-type': 'multipart/byteranges; boundary=x' })],
    ['an unsatisfiable range', broken(), answer(416, { 'content-range': `bytes */1000` })],
    ['a file that is gone', broken(), answer(404, {})],
  ] as const) {
    it(`is truncated with ${title}`, async () => {
      const { attempt, stages } = await fetchBroken(...replies);
      assert.deepEqual(
        [attempt.kind, attempt.code, attempt.transient, attempt.stage],
        ['failed', 'truncated', true, null],
      );
      assert.equal(stages.open, 0);
    });
  }

  it('understands that nothing is missing', async () => {
    const chunk = `${FILE.length.toString(16)}\r\n`;
    const whole = sendAndClose(head(200, { etag: '"v1"', 'transfer-encoding': 'chunked' }), chunk, FILE);
    const { attempt } = await fetchBroken(
      whole,
      answer(416, { 'content-range': `bytes */${FILE.length}`, etag: '"v1"' }),
    );
    assert.deepEqual([attempt.code, attempt.sha256], ['archived', SHA256]);
  });
});
