import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BoundedWaits } from '../../plugin/store/flush/boundedWaits.ts';

const FAR_MS = 60_000;

class Work {
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;
  readonly promise = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

describe('waits behind one timer', () => {
  it('end as their work does, and reject what is late, whichever began first', async () => {
    const waits = new BoundedWaits();
    const [far, near, refused] = [new Work(), new Work(), new Work()];
    const late: Promise<void>[] = [];
    const isLate = (work: Promise<void>) => {
      late.push(work);
      return new Error('late');
    };
    const first = waits.bounded(far.promise, FAR_MS, isLate);
    const second = waits.bounded(near.promise, 1, isLate);
    const third = waits.bounded(refused.promise, FAR_MS, isLate);
    await assert.rejects(second, { message: 'late' });
    assert.deepEqual(late, [near.promise]);
    far.resolve();
    refused.reject(new Error('EIO'));
    await first;
    await assert.rejects(third, { message: 'EIO' });
    near.resolve();
    assert.equal(late.length, 1);
  });

  it('keep no process alive once they have ended', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const waits = new BoundedWaits();
    await waits.bounded(Promise.resolve(), FAR_MS, () => new Error('late'));
    assert.equal(timers(), before);
  });
});
