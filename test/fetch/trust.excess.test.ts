import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CSV, fetchOnce, MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { answer, head, OddServer, type Reply, send, sendAndClose } from '../support/oddServer.ts';

const LENGTH = String(CSV.length);
const EXCESS = /sent more behind the declared length/;

async function fetched(reply: Reply) {
  const stages = new MemoryStages();
  const attempt = await fetchOnce(await OddServer.start({ '*': reply }), '/f.csv', { stages });
  return { attempt, body: stages.bodyOf(attempt)?.toString(), stages };
}

describe('what follows a complete body', () => {
  const second = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  const followed: readonly (readonly [string, Reply])[] = [
    ['as more bytes', send(head(200, { 'content-length': LENGTH }), CSV, 'gamma,3\r\n')],
    ['as a second response', send(head(200, { 'content-length': LENGTH }), CSV, second)],
    ['as zero bytes', send(head(200, { 'content-length': LENGTH }), CSV, Buffer.alloc(20))],
    [
      'before the connection ends',
      sendAndClose(head(200, { 'content-length': LENGTH, connection: 'close' }), CSV, 'x'),
    ],
    ['read by the lenient parser', sendAndClose(`HTTP/1.1 200 OK\nContent-Length: ${LENGTH}\n\n${CSV}more`)],
  ];
  for (const [what, reply] of followed) {
    it(`${what} is left out, and said`, async () => {
      const { attempt, body, stages } = await fetched(reply);
      assert.deepEqual([attempt.kind, attempt.code, attempt.bytes, body], ['fetched', 'archived', CSV.length, CSV]);
      assert.ok(attempt.evidence.some((words) => EXCESS.test(words)));
      assert.equal(stages.open, 0);
    });
  }

  it('behind chunks changes nothing', async () => {
    const chunk = `${CSV.length.toString(16)}\r\n${CSV}\r\n0\r\n\r\n`;
    const { attempt, body } = await fetched(send(head(200, { 'transfer-encoding': 'chunked' }), chunk, second));
    assert.deepEqual([attempt.code, body], ['archived', CSV]);
  });

  it('is no answer to the next request, which has a connection of its own', async () => {
    const server = await OddServer.start({
      '/a.csv': send(head(200, { 'content-length': LENGTH }), CSV, second),
      '/b.csv': answer(200, {}, 'good,1\nfine,2\n'),
    });
    const [fetcher, stages] = [testFetcher(), new MemoryStages()];
    try {
      const signal = new AbortController().signal;
      await fetcher.fetch(requestFor(server.url('/a.csv')), stages, signal);
      const next = await fetcher.fetch(requestFor(server.url('/b.csv')), stages, signal);
      assert.deepEqual([next.code, stages.bodyOf(next)?.toString()], ['archived', 'good,1\nfine,2\n']);
      assert.deepEqual(
        server.requests.map(({ connection }) => connection),
        [0, 1],
      );
    } finally {
      await fetcher.close();
      await server.stop();
    }
  });

  it('shows a length to be wrong where the coding does not end with it', async () => {
    const coded = gzipSync(CSV);
    const { attempt } = await fetched(send(head(200, { 'content-length': '20', 'content-encoding': 'gzip' }), coded));
    assert.deepEqual([attempt.kind, attempt.code, attempt.transient], ['failed', 'truncated', true]);
  });

  for (const [what, end] of [
    ['nothing follows', ''],
    ['a line end follows', '\r\n'],
  ] as const) {
    it(`is not spoken of where ${what}`, async () => {
      const { attempt, body } = await fetched(send(head(200, { 'content-length': LENGTH }), CSV, end));
      assert.deepEqual([attempt.code, body], ['archived', CSV]);
      assert.ok(!attempt.evidence.some((words) => EXCESS.test(words)));
    });
  }
});

describe('interim responses', () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
  const final = head(200, { 'content-length': LENGTH }) + CSV;
  /** Each in a packet of its own, so that their heads come one by one. */
  const oneByOne =
    (part: string, count: number): Reply =>
    (socket) => {
      let sent = 0;
      const next = (): void => {
        sent += 1;
        if (sent > count) socket.write(final, 'latin1');
        else socket.write(part, 'latin1', () => setImmediate(next));
      };
      next();
    };

  for (const [what, reply] of [
    ['one', send(interim, final)],
    ['a hundred', send(interim.repeat(100), final)],
    ['a hundred of 102', oneByOne('HTTP/1.1 102 Processing\r\n\r\n', 100)],
    ['a hundred of 100', send('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100), final)],
    ['a hundred with long heads', oneByOne(`HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(2000)}\r\n\r\n`, 100)],
  ] as const) {
    it(`may precede a response: ${what}`, async () => {
      const { attempt, body } = await fetched(reply);
      assert.deepEqual([attempt.code, body], ['archived', CSV], attempt.reason);
    });
  }

  it('are a broken protocol when there are more', async () => {
    const { attempt } = await fetched(send(interim.repeat(101), final));
    assert.equal(attempt.code, 'protocol');
  });
});
