import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageBatch } from '../../plugin/fetch/retrieve/messageBatch.ts';

describe('messages to another thread', () => {
  it('of one turn are posted as one, in their order', async () => {
    const posted: (readonly number[])[] = [];
    const batch = new MessageBatch<number>((messages) => posted.push(messages));
    for (const message of [1, 2, 3]) batch.add(message);
    await new Promise(setImmediate);
    batch.add(4);
    await new Promise(setImmediate);
    assert.deepEqual(posted, [[1, 2, 3], [4]]);
  });

  it('go without the one that cannot be sent, of which who sent it is told', async () => {
    const posted: unknown[] = [];
    const refused: unknown[] = [];
    const post = (messages: readonly unknown[]) => void posted.push(...structuredClone(messages));
    const batch = new MessageBatch<unknown>(post, (message) => refused.push(message));
    const unsendable = { url: () => 'no plain data' };
    for (const message of ['one', unsendable, 'two']) batch.add(message);
    await new Promise(setImmediate);
    assert.deepEqual([posted, refused], [['one', 'two'], [unsendable]]);
  });
});
