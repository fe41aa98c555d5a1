import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createHooks } from '../../plugin/trigger/hooks.ts';
import { addResource, SILENT } from '../support/testPortal.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';

const SAVED = { resourceId: 'r1', datasetId: 'd1' };

describe('hooks', () => {
  let test: TriggerPortal;
  let hooks: ReturnType<typeof createHooks>;
  let complaints: unknown[] = [];

  beforeEach(async () => {
    test = await triggerPortal();
    complaints = [];
    hooks = createHooks({
      outbox: () => test.records.outbox,
      logger: { ...SILENT, error: (fields) => void complaints.push(fields) },
    });
  });
  afterEach(() => test.close());

  const noted = async () => (await test.records.outbox.backlog()).count;

  it('note a save in the transaction of the host, seen by nobody before it commits', async () => {
    await test.database.knex.transaction(async (transaction) => {
      await addResource(transaction, 'r1', 'https://data.example/1.csv');
      await hooks.afterResourceCreate({ ...SAVED, transaction });
      assert.equal(await noted(), 0);
    });
    assert.equal(await noted(), 1);
  });

  it('note nothing of a save that is rolled back', async () => {
    const failing = test.database.knex.transaction(async (transaction) => {
      await hooks.afterResourceUpdate({ ...SAVED, transaction });
      throw new Error('the host changed its mind');
    });
    await assert.rejects(failing, /changed its mind/);
    assert.equal(await noted(), 0);
    assert.deepEqual(complaints, []);
  });

  it('reject never, not even when they are called without an event, and say so', async () => {
    await hooks.afterResourceUpdate(JSON.parse('null'));
    assert.equal(await noted(), 0);
    assert.match(JSON.stringify(complaints), /"hook":"afterResourceUpdate"/);
  });

  it('note nothing of what the archiver wrote itself', async () => {
    await hooks.afterResourceUpdate({ ...SAVED, origin: 'portal-archiver' });
    await hooks.afterResourceUpdate({ ...SAVED, origin: 'editor' });
    assert.equal(await noted(), 1);
  });

  it('note saves, deletions and datasets, each under its name', async () => {
    await hooks.afterResourceCreate(SAVED);
    await hooks.afterResourceUpdate({ ...SAVED, fileReplaced: true });
    await hooks.afterResourceDelete(SAVED);
    await hooks.afterDatasetUpdate({ datasetId: 'd1', resourceId: null });
    await hooks.afterDatasetDelete({ datasetId: 'd1', resourceId: null });
    const seen: (readonly [string, boolean])[] = [];
    await test.records.outbox.take(9, async (entries) => {
      seen.push(...entries.map(({ event, fileReplaced }) => [event, fileReplaced] as const));
    });
    assert.deepEqual(seen, [
      ['afterResourceCreate', false],
      ['afterResourceUpdate', true],
      ['afterResourceDelete', false],
      ['afterDatasetUpdate', false],
      ['afterDatasetDelete', false],
    ]);
  });

  it('leave the host’s save whole when they cannot note it', async () => {
    const { knex } = test.database;
    await knex.raw('alter table archiver.outbox rename to elsewhere');
    await knex.transaction(async (transaction) => {
      await addResource(transaction, 'r1', 'https://data.example/1.csv');
      await hooks.afterResourceCreate({ ...SAVED, transaction });
    });
    assert.deepEqual(await knex('resource').pluck('id'), ['r1']);
    assert.equal(complaints.length, 1);
  });

  it('never reject, not even when the database is away', async () => {
    await test.database.drop();
    await hooks.afterResourceUpdate(SAVED);
    assert.equal(complaints.length, 1);
    test = await triggerPortal();
  });

  it('do nothing before the plugin is started', async () => {
    const early = createHooks({ outbox: () => null, logger: SILENT });
    await early.afterResourceCreate(SAVED);
    assert.equal(await noted(), 0);
  });
});
