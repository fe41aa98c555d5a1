import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { ArchiverError } from '../../plugin/errors.ts';
import type { BodyHasher } from '../../plugin/fetch/digest/bodyHasher.ts';
import { HashThread } from '../../plugin/fetch/thread/hashWorker.ts';

const BODY = Buffer.from('id,value\n1,alpha\n');
const HASHES = {
  md5: createHash('md5').update(BODY).digest('hex'),
  sha256: createHash('sha256').update(BODY).digest('hex'),
};

async function push(hasher: BodyHasher): Promise<void> {
  const batch = await hasher.batch();
  batch.set(BODY);
  hasher.update(batch, BODY.length);
}

/** Opens a hasher in a thread of its own, and gives the thread too. */
async function opened(hashThread: HashThread): Promise<{ hasher: BodyHasher; thread: Worker }> {
  const started = once(process, 'worker');
  const hasher = hashThread.open();
  const [thread] = (await started) as [Worker];
  return { hasher, thread };
}

const PLACES = [
  ['two cores, both digests in one thread', 2],
  ['more cores, each digest in a thread of its own', 4],
] as const;

for (const [where, cores] of PLACES) {
  describe(`the hash thread of a machine with ${where}`, () => {
    it('hashes bodies beside each other', async () => {
      const hashThread = new HashThread(cores);
      const hashers = [hashThread.open(), hashThread.open()];
      await Promise.all(hashers.map(push));
      assert.deepEqual(await Promise.all(hashers.map((hasher) => hasher.finish())), [HASHES, HASHES]);
      await hashThread.close();
    });

    it('takes batches of a body back in their order, however many there are', async () => {
      const hashThread = new HashThread(cores);
      const hasher = hashThread.open();
      const whole = createHash('sha256');
      for (let number = 0; number < 100; number++) {
        const batch = await hasher.batch();
        batch.fill(number);
        whole.update(batch.subarray(0, 1000 + number));
        hasher.update(batch, 1000 + number);
      }
      assert.equal((await hasher.finish()).sha256, whole.digest('hex'));
      await hashThread.close();
    });

    it('fails the bodies it had when it dies, whether they wait for it or not', async () => {
      const hashThread = new HashThread(cores);
      const { hasher: waiting, thread } = await opened(hashThread);
      const idle = hashThread.open();
      const finished = assert.rejects(waiting.finish(), isThreadFailed);
      thread.postMessage(null);
      await finished;
      await assert.rejects(idle.batch(), isThreadFailed);
      idle.discard();
      await hashThread.close();
    });

    it('leaves alone the bodies of the thread that replaces it', async () => {
      const hashThread = new HashThread(cores);
      const { hasher, thread } = await opened(hashThread);
      const finished = assert.rejects(hasher.finish(), isThreadFailed);
      const exited = new Promise((resolve) => thread.once('exit', resolve));
      // The error comes first, the exit some time later: the next body is opened between the two.
      const replaced = new Promise<BodyHasher>((resolve) => thread.once('error', () => resolve(hashThread.open())));
      thread.postMessage(null);
      const next = await replaced;
      await push(next);
      await Promise.all([exited, finished]);
      assert.deepEqual(await next.finish(), HASHES);
      await hashThread.close();
    });
  });
}

function isThreadFailed(error: unknown): boolean {
  return error instanceof ArchiverError && error.code === 'thread-failed';
}
