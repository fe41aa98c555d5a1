import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldBytes } from '../../plugin/fetch/body/heldBytes.ts';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { MemoryStages, requestFor, testFetcher } from '../support/fetching.ts';
import { head, OddServer, type Reply } from '../support/oddServer.ts';
import { until } from '../support/until.ts';

const KIB = 1024;
const FAR_MS = 60_000;

describe('what bodies may hold', () => {
  it('is given in the order of coming, to nobody before who waits', async () => {
    const held = new HeldBytes({ mostBytes: 100, longestWaitMs: FAR_MS });
    assert.equal(held.take(80), true);
    const answers: string[] = [];
    const note = (name: string, answer: boolean | Promise<boolean>) =>
      Promise.resolve(answer).then((isHeld) => answers.push(`${name} ${isHeld}`));
    const waiting = [note('large', held.take(60)), note('small', held.take(10))];
    held.give(30);
    await Promise.resolve();
    assert.deepEqual(answers, []);
    held.give(50);
    await Promise.all(waiting);
    assert.deepEqual(answers, ['large true', 'small true']);
    assert.equal(held.take(30), true);
  });

  it('is waited for in vain once, by all who wait, and by nobody until something is given back', async () => {
    const held = new HeldBytes({ mostBytes: 100, longestWaitMs: 1 });
    assert.equal(held.take(100), true);
    assert.deepEqual(await Promise.all([held.take(10), held.take(20)]), [false, false]);
    assert.equal(held.take(10), false);
    held.give(5);
    const [first, second] = [held.take(3), held.take(10)];
    assert.equal(first, true);
    assert.equal(await second, false);
  });
});

/** A CSV file of so many bytes. */
const table = (bytes: number) => Buffer.alloc(bytes, 'id,value\n1,alpha\n');

/** Sends its beginning and no more until the test says so. */
function stalling(body: Buffer, sentBytes: number): { reply: Reply; goOn: () => void } {
  const rest: (() => void)[] = [];
  const reply: Reply = (socket) => {
    socket.write(head(200, { 'content-type': 'text/csv', 'content-length': String(body.length) }));
    socket.write(body.subarray(0, sentBytes));
    rest.push(() => socket.end(body.subarray(sentBytes)));
  };
  return { reply, goOn: () => rest.splice(0).forEach((send) => void send()) };
}

class Counted extends HeldBytes {
  taken = 0;

  override take(bytes: number): boolean | Promise<boolean> {
    const isHeld = super.take(bytes);
    if (isHeld === true) this.taken += bytes;
    return isHeld;
  }
}

describe('short bodies that come at the same time', () => {
  const body = table(900 * KIB);
  const slow = stalling(body, 700 * KIB);
  const quick: Reply = (socket) => {
    socket.write(head(200, { 'content-type': 'text/csv', 'content-length': String(body.length) }));
    socket.end(body);
  };

  it('are staged as they come where slow publishers hold the memory, and are whole all the same', async () => {
    const server = await OddServer.start({ '/slow': slow.reply, '/quick': quick });
    const held = new Counted({ mostBytes: 1500 * KIB, longestWaitMs: 1 });
    const fetcher = testFetcher({ idleTimeoutMs: FAR_MS, totalTimeoutMs: FAR_MS }, { held });
    const stages = new MemoryStages();
    const fetch = (path: string): Promise<Attempt> =>
      fetcher.fetch(requestFor(server.url(path)), stages, new AbortController().signal);
    try {
      const slowly = [fetch('/slow'), fetch('/slow')];
      await until(() => held.taken > 1200 * KIB);
      const quickly = await Promise.all([fetch('/quick'), fetch('/quick'), fetch('/quick')]);
      for (const attempt of quickly) assert.deepEqual([attempt.code, stages.bodyOf(attempt)], ['archived', body]);
      assert.equal(stages.open, 0);
      slow.goOn();
      for (const attempt of await Promise.all(slowly))
        assert.deepEqual([attempt.code, stages.bodyOf(attempt)], ['archived', body]);
    } finally {
      await fetcher.close();
      await server.stop();
    }
  });

  it('give back what they held, whether they are taken, known, refused or broken', async () => {
    const page: Reply = (socket) => {
      socket.write(head(200, { 'content-type': 'text/csv' }));
      socket.end(Buffer.concat([Buffer.from('<!doctype html><title>x</title>'), body]));
    };
    const broken: Reply = (socket) => {
      socket.write(head(200, { 'content-type': 'text/csv', 'content-length': String(body.length) }));
      socket.write(body.subarray(0, 500 * KIB), () => socket.destroy());
    };
    const server = await OddServer.start({ '/quick': quick, '/page': page, '/broken': broken });
    const mostBytes = 2000 * KIB;
    const held = new HeldBytes({ mostBytes, longestWaitMs: FAR_MS });
    const fetcher = testFetcher({}, { held });
    const { signal } = new AbortController();
    try {
      for (const path of ['/quick', '/page', '/broken']) {
        await fetcher.fetch(requestFor(server.url(path)), new MemoryStages(), signal);
        await fetcher.fetch(requestFor(server.url(path)), null, signal);
      }
      assert.equal(held.take(mostBytes), true);
    } finally {
      await fetcher.close();
      await server.stop();
    }
  });
});
