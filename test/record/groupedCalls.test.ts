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
