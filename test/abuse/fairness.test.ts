import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { drip, ManyHosts, sendCsv } from '../support/manyHosts.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const FLOOD = 200;

describe('an editor beside', () => {
  let portal: ShownPortal;
  let crowd: ManyHosts;
  let healthy: ManyHosts;

  afterEach(async () => {
    await portal.close();
    await crowd.stop();
    await healthy.stop();
  });

  async function add(count: number, prefix: string, hosts: ManyHosts): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    for (const [index, id] of ids.entries())
      await addResource(portal.database.knex, id, hosts.url(index, `/${id}.csv`), `of-${prefix}`);
    return ids;
  }

  async function save(ids: readonly string[], datasetId: string): Promise<void> {
    for (const resourceId of ids) await portal.archiver.hooks.afterResourceCreate({ resourceId, datasetId });
  }

  async function archived(ids: readonly string[]): Promise<number> {
    const archivals = await recordsIn(portal.database.knex).archivals.getMany(ids);
    return archivals.filter(({ code }) => code === 'archived').length;
  }

  async function assertWell(): Promise<void> {
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    // A start that takes long on a busy machine says so.
    const logged = portal.logged.filter(({ message }) => !message.startsWith('the start waits'));
    assert.deepEqual(logged, []);
  }

  it('sixteen slow links on eight hosts is served in both lanes while they drip', async () => {
    portal = await ShownPortal.open({});
    crowd = await ManyHosts.start(8, drip);
    healthy = await ManyHosts.start(4, sendCsv, (host) => `127.0.0.${10 + host}`);
    const slow = await add(16, 'slow', crowd);
    await save(slow, 'of-slow');
    await until(() => crowd.requests >= 16);
    const saved = await add(1, 'saved', healthy);
    await save(saved, 'of-saved');
    await until(async () => (await archived(saved)) === 1);
    assert.equal(await archived(slow), 0);

    const swept = [...(await add(16, 'swept', crowd)), ...(await add(4, 'well', healthy))];
    await portal.archiver.archive.sweep({ dryRun: false });
    await until(async () => (await archived(swept)) === 4);
    assert.ok(crowd.most <= 16, `${crowd.most} requests at a time`);
    await assertWell();
  });

  it('a flood to one slow host is served first, and the flood goes on', async () => {
    portal = await ShownPortal.open({ settings: { hostConcurrency: 2 } });
    crowd = await ManyHosts.start(1, async (request, response, host) => {
      await wait(100);
      sendCsv(request, response, host);
    });
    healthy = await ManyHosts.start(1, sendCsv);
    const flood = await add(FLOOD, 'flood', crowd);
    await save(flood, 'of-flood');
    await until(async () => (await archived(flood)) > 2);
    const saved = await add(3, 'saved', healthy);
    await save(saved, 'of-saved');
    await until(async () => (await archived(saved)) === 3);
    assert.ok((await archived(flood)) < FLOOD);
    const soFar = await archived(flood);
    await until(async () => (await archived(flood)) > Math.min(soFar + 20, FLOOD - 1), 60);
    assert.ok(crowd.most <= 2, `${crowd.most} requests at a time`);
    await assertWell();
  });

  it('another who saves a great dataset has a turn of his own, also at the same host', async () => {
    portal = await ShownPortal.open({ settings: { hostConcurrency: 1 } });
    crowd = await ManyHosts.start(1, async (request, response, host) => {
      await wait(50);
      sendCsv(request, response, host);
    });
    healthy = crowd;
    const flood = await add(FLOOD, 'flood', crowd);
    await save(flood, 'of-flood');
    await until(async () => (await archived(flood)) > 2);
    const saved = await add(2, 'saved', crowd);
    await save(saved, 'of-saved');
    await until(async () => (await archived(saved)) === 2, 60);
    assert.ok((await archived(flood)) < FLOOD);
    await assertWell();
    healthy = await ManyHosts.start(1, sendCsv);
  });
});
