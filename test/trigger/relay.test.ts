import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { HookName } from '../../plugin/model/hook.ts';
import { OutboxRelay } from '../../plugin/trigger/relay.ts';
import { outcomeOf } from '../support/recordFixtures.ts';
import { addResource, SILENT } from '../support/testPortal.ts';
import { gate } from '../support/testQueues.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';
import { until } from '../support/until.ts';

const url = (name: string) => `https://data.example/${name}.csv`;

describe('the relay', () => {
  let test: TriggerPortal;
  let relays: OutboxRelay[] = [];
  let deleted: string[] = [];
  let lateMs = 0;

  beforeEach(async () => {
    test = await triggerPortal();
    relays = [];
    deleted = [];
    lateMs = 0;
  });
  afterEach(async () => {
    for (const relay of relays) await relay.stop();
    await test.close();
  });

  async function relay(): Promise<OutboxRelay> {
    const { portal, records, queue } = test;
    const made = new OutboxRelay({
      catalog: portal.catalog,
      records,
      queue,
      onDeleted: async (ids) => void deleted.push(...ids),
      owner: `relay ${relays.length}`,
      now: () => new Date(Date.now() + lateMs),
      logger: SILENT,
    });
    relays.push(made);
    await made.start();
    return made;
  }

  async function note(event: HookName, resourceId: string | null, fileReplaced = false): Promise<void> {
    await test.records.outbox.add({ event, resourceId, datasetId: 'd1', fileReplaced });
  }

  const isRelayed = () => until(async () => (await test.records.outbox.backlog()).count === 0);

  async function archived(id: string): Promise<void> {
    const { archivals } = test.records;
    const lease = await archivals.lease(id, { owner: 'worker', leaseMs: 30_000, now: new Date() });
    assert.ok(lease);
    await archivals.record([outcomeOf(lease)]);
  }

  it('makes one job of five saves', async () => {
    await addResource(test.database.knex, 'r1', url('1'));
    for (let i = 0; i < 5; i++) await note('afterResourceUpdate', 'r1');
    await relay();
    await isRelayed();
    await until(() => test.queue.added.length > 0);
    assert.deepEqual(test.queue.added, ['r1']);
  });

  it('hears at once of a save that commits', async () => {
    await relay();
    await addResource(test.database.knex, 'r1', url('1'));
    await note('afterResourceCreate', 'r1');
    await until(() => test.queue.added.includes('r1'));
  });

  it('loses nothing while the queue is away', async () => {
    test.queue.isAway = true;
    const made = await relay();
    await addResource(test.database.knex, 'r1', url('1'));
    await note('afterResourceCreate', 'r1');
    await isRelayed();
    assert.equal((await test.records.archivals.get('r1'))?.requestSeq, 1);
    test.queue.isAway = false;
    await made.rescue();
    assert.deepEqual(test.queue.added, []);
    lateMs = 11_000;
    await made.rescue();
    assert.deepEqual(test.queue.added, ['r1']);
  });

  it('looks for lost jobs no more often than a slow queue takes them', async () => {
    const made = await relay();
    let asked = 0;
    const slow = gate();
    test.queue.add = async () => {
      asked += 1;
      await slow.passed;
    };
    const rescues = [made.rescue(), made.rescue(), made.rescue()];
    await until(() => asked > 0);
    slow.open();
    await Promise.all(rescues);
    assert.equal(asked, 1);
    await made.rescue();
    assert.equal(asked, 2);
  });

  it('takes up what was saved while nobody relayed', async () => {
    await addResource(test.database.knex, 'r1', url('1'));
    await note('afterResourceCreate', 'r1');
    await (await relay()).stop();
    await addResource(test.database.knex, 'r2', url('2'));
    await note('afterResourceCreate', 'r2');
    await relay();
    await until(() => test.queue.added.length === 2);
    assert.deepEqual(test.queue.added.sort(), ['r1', 'r2']);
  });

  it('wants a known resource again when its URL or its file changed, not when only its name did', async () => {
    const { knex } = test.database;
    await addResource(knex, 'r1', url('1'));
    await relay();
    await note('afterResourceCreate', 'r1');
    await until(() => test.queue.added.length === 1);
    await archived('r1');

    await knex('resource').where({ id: 'r1' }).update({ name: 'Another name' });
    await note('afterResourceUpdate', 'r1');
    await isRelayed();
    assert.equal(test.queue.added.length, 1);

    await note('afterResourceUpdate', 'r1', true);
    await until(() => test.queue.added.length === 2);
    await archived('r1');

    await knex('resource')
      .where({ id: 'r1' })
      .update({ url: url('other') });
    await note('afterResourceUpdate', 'r1');
    await until(() => test.queue.added.length === 3);
    assert.equal((await test.records.archivals.get('r1'))?.url, url('other'));
  });

  it('goes through the resources of a dataset, and tells which are gone', async () => {
    const { knex } = test.database;
    await addResource(knex, 'kept', url('1'));
    await addResource(knex, 'gone', url('2'));
    await relay();
    await note('afterDatasetUpdate', null);
    await until(() => test.queue.added.length === 2);
    await knex('resource').where({ id: 'gone' }).delete();
    await addResource(knex, 'new', url('3'));
    await note('afterDatasetUpdate', null);
    await until(() => test.queue.added.includes('new'));
    assert.deepEqual(deleted, ['gone']);
    assert.deepEqual(test.queue.added.sort(), ['gone', 'kept', 'new']);
  });

  it('archives nothing of a save that left no row, and nothing that goes round in a circle', async () => {
    await addResource(test.database.knex, 'dump', url('1'));
    await test.database.knex('resource').where({ id: 'dump' }).update({ url_type: 'datastore' });
    await relay();
    await note('afterResourceCreate', 'dump');
    await note('afterResourceCreate', 'rolled-back');
    await isRelayed();
    assert.deepEqual(test.queue.added, []);
    assert.deepEqual(deleted, ['rolled-back']);
  });

  it('looks once for all processes after hosts whose worker died', async () => {
    const { archivals } = test.records;
    const requests = [{ resourceId: 'r1', datasetId: 'd1', url: url('1'), host: 'data.example' }];
    await archivals.request(requests, { lane: 'bulk', runId: null, now: new Date() });
    const dead = { owner: 'dead', leaseMs: -1, now: new Date(), limit: 10 };
    assert.equal((await archivals.leaseDue('data.example', dead)).length, 1);
    await relay();
    assert.deepEqual(test.queue.added, ['host data.example']);
    await relay();
    assert.deepEqual(test.queue.added, ['host data.example']);
  });
});
