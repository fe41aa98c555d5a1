import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { GroupFlush } from '../../plugin/store/flush/groupFlush.ts';
import { HeldFlushes, lostBytes } from '../support/heldFlushes.ts';
import { until } from '../support/until.ts';

/** So many are worth a flush of everything. */
const MANY = 3;

describe('flushes of a whole file system', () => {
  let disk: HeldFlushes;
  let group: GroupFlush;
  let now: number;
  let alone: string[];
  let ended: string[];
  beforeEach(() => {
    disk = new HeldFlushes();
    now = 0;
    group = new GroupFlush(disk, { elapsedMs: () => now, slowMs: 60_000 });
    alone = [];
    ended = [];
  });

  /** Callers of one turn; each says how it ended. */
  const call = (name: string, count: number) =>
    Array.from({ length: count }, () =>
      group
        .flush(async () => void alone.push(name))
        .then(
          () => ended.push(`${name} flushed`),
          (error: Error) => ended.push(`${name} ${error.message}`),
        ),
    );
  const times = (count: number, text: string) => Array.from({ length: count }, () => text);

  it('are not made for few, whose files are flushed one by one', async () => {
    await Promise.all(call('few', MANY - 1));
    assert.deepEqual([disk.begun, alone, ended], [0, times(2, 'few'), times(2, 'few flushed')]);
  });

  it('are shared by all who call in one turn', async () => {
    const calls = call('many', 50);
    await until(() => disk.isUnderWay);
    disk.end();
    await Promise.all(calls);
    assert.deepEqual([disk.begun, alone, ended], [1, [], times(50, 'many flushed')]);
  });

  it('answer who comes while one is under way by the next, which begins after it came', async () => {
    const first = call('first', MANY);
    await until(() => disk.isUnderWay);
    const second = call('second', MANY);
    await turn();
    assert.equal(disk.begun, 1);
    disk.end();
    await Promise.all(first);
    assert.deepEqual(ended, times(MANY, 'first flushed'));
    await until(() => disk.begun === 2);
    disk.end();
    await Promise.all(second);
    assert.deepEqual(ended.slice(MANY), times(MANY, 'second flushed'));
  });

  it('that fail do so for all that was written before their end, also for who came meanwhile', async () => {
    const first = call('first', MANY);
    await until(() => disk.isUnderWay);
    const second = call('second', MANY);
    disk.end(lostBytes());
    await Promise.all([...first, ...second]);
    const message = 'EIO: i/o error, syncfs';
    assert.deepEqual(ended, [...times(MANY, `first ${message}`), ...times(MANY, `second ${message}`)]);
    assert.deepEqual([disk.begun, alone], [1, []]);
  });

  it('rest after one that failed, twice as long after the next, and each file is flushed by itself meanwhile', async () => {
    for (const restMs of [5000, 10_000]) {
      const failing = call('failing', MANY);
      await until(() => disk.isUnderWay);
      disk.end(lostBytes());
      await Promise.all(failing);
      const { begun } = disk;
      now += restMs - 1;
      await Promise.all(call('resting', MANY));
      assert.equal(disk.begun, begun);
      now += 1;
    }
    assert.deepEqual(alone, times(2 * MANY, 'resting'));
    const next = call('next', MANY);
    await until(() => disk.isUnderWay);
    disk.end();
    await Promise.all(next);
    assert.equal(alone.length, 2 * MANY);
  });

  it('that take long are not waited for: each file is flushed by itself, now and for a while', async () => {
    group = new GroupFlush(disk, { elapsedMs: () => now, slowMs: 1 });
    await Promise.all(call('slow', MANY));
    await Promise.all(call('meanwhile', MANY));
    assert.deepEqual(alone, [...times(MANY, 'slow'), ...times(MANY, 'meanwhile')]);
    disk.end();
    await turn();
    await Promise.all(call('resting', MANY));
    assert.deepEqual([disk.begun, alone.length], [1, 3 * MANY]);
  });

  it('that hang and fail in the end trouble nobody whose file was flushed by itself', async () => {
    group = new GroupFlush(disk, { elapsedMs: () => now, slowMs: 1 });
    await Promise.all(call('slow', MANY));
    disk.end(lostBytes());
    await turn();
    assert.deepEqual(ended, times(MANY, 'slow flushed'));
  });

  it('tell a file that is flushed by itself of its own loss alone', async () => {
    group = new GroupFlush(disk, { elapsedMs: () => now, slowMs: 1 });
    const lost = group.flush(() => Promise.reject(lostBytes()));
    const whole = call('whole', MANY);
    await assert.rejects(lost, { code: 'EIO' });
    await Promise.all(whole);
    assert.deepEqual(ended, times(MANY, 'whole flushed'));
    disk.end();
  });

  it('let go of the file system when the last one has ended, and leave nobody waiting', async () => {
    const first = call('first', MANY);
    await until(() => disk.isUnderWay);
    const second = call('second', MANY);
    group.close();
    await Promise.all([...second, ...call('late', 1)]);
    assert.equal(disk.isClosed, false);
    disk.end();
    await Promise.all(first);
    assert.equal(disk.isClosed, true);
    assert.equal(ended.filter((one) => one.endsWith(' flushed')).length, 2 * MANY + 1);
  });
});
