import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import { GroupedCalls } from '../../plugin/record/coordination/groupedCalls.ts';

describe('calls that are answered together', () => {
  it('gather while a group is under way, no more than fit and none twice', async () => {
    const groups: (readonly string[])[] = [];
    const answerAll = async (asks: readonly string[]) => {
      groups.push(asks);
      return asks.map((ask) => ask.toUpperCase());
    };
    const calls = new GroupedCalls(answerAll, { most: 3, nameOf: (ask) => ask });
    const asked = ['a', 'b', 'a', 'c', 'd'];
    assert.deepEqual(await Promise.all(asked.map((ask) => calls.call(ask))), ['A', 'B', 'A', 'C', 'D']);
    assert.deepEqual(groups, [
      ['a', 'b', 'c'],
      ['a', 'd'],
    ]);
  });

  it('go on in a second group while the first is under way, where so many may be', async () => {
    const groups: { readonly asks: readonly string[]; answer(): void }[] = [];
    const answerAll = (asks: readonly string[]) =>
      new Promise<readonly string[]>((resolve) => {
        groups.push({ asks, answer: () => resolve(asks) });
      });
    const calls = new GroupedCalls(answerAll, { most: 10, groups: 2 });
    const call = async (ask: string) => {
      const answered = calls.call(ask);
      await new Promise(setImmediate);
      return { answered };
    };
    const first = await call('a');
    const second = await call('b');
    const third = await call('c');
    assert.deepEqual(
      groups.map(({ asks }) => asks),
      [['a'], ['b']],
    );
    groups[1]?.answer();
    assert.equal(await second.answered, 'b');
    await new Promise(setImmediate);
    for (const { answer } of groups) answer();
    assert.deepEqual([await first.answered, await third.answered], ['a', 'c']);
    assert.equal(groups.length, 3);
  });

  it('fail alone where the database objects to one of them', async () => {
    const answerAll = async (asks: readonly string[]) => {
      if (asks.includes('bad')) throw new ArchiverError('data-refused', 'The database failed.');
      return asks;
    };
    const calls = new GroupedCalls(answerAll, { most: 10 });
    const ended = await Promise.allSettled(['good', 'bad', 'better'].map((ask) => calls.call(ask)));
    assert.deepEqual(
      ended.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('fail together where the database is away, and are tried once', async () => {
    let tried = 0;
    const answerAll = async (): Promise<string[]> => {
      tried += 1;
      throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    };
    const calls = new GroupedCalls(answerAll, { most: 10 });
    const ended = await Promise.allSettled(['a', 'b'].map((ask) => calls.call(ask)));
    assert.deepEqual([ended.map(({ status }) => status), tried], [['rejected', 'rejected'], 1]);
  });
});
