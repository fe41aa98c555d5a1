import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ManyHosts, sendCsv } from '../support/manyHosts.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const ANSWER_MS = 30;
const LINKS = 24;

describe('links of many hosts that all lead to one', () => {
  let portal: ShownPortal;
  let crowd: ManyHosts;
  let victim: ManyHosts;

  afterEach(async () => {
    await portal.close();
    await crowd.stop();
    await victim.stop();
  });

  async function open(settings: Readonly<Record<string, unknown>>): Promise<void> {
    portal = await ShownPortal.open({ settings });
    // A start that takes long on a busy machine says so.
    portal.logged.length = 0;
    victim = await ManyHosts.start(1, async (request, response, host) => {
      await wait(ANSWER_MS);
      sendCsv(request, response, host);
    });
    crowd = await ManyHosts.start(8, ({ url }, response) => {
      response.writeHead(302, { location: victim.url(0, url ?? '/') }).end();
    });
  }

  async function add(prefix: string): Promise<string[]> {
    const ids = Array.from({ length: LINKS }, (_, index) => `${prefix}${index}`);
    for (const [index, id] of ids.entries())
      await addResource(portal.database.knex, id, crowd.url(index, `/${id}.csv`), `of-${prefix}${index % 3}`);
    return ids;
  }

  async function archived(ids: readonly string[]): Promise<void> {
    const { archivals } = recordsIn(portal.database.knex);
    await until(
      async () => (await archivals.getMany(ids)).filter(({ code }) => code === 'archived').length === LINKS,
      90,
    );
  }

  const limitOf = (host: string) => portal.database.knex('archiver.host_limit').where({ host }).first();

  it('never have more of it asked at a time than it allows, in both lanes, and charge it', async () => {
    await open({ hostRequestsPerSecond: 100, hostBurst: 10, hostConcurrency: 3, retryDelaysMs: '100' });
    const swept = await add('swept');
    await portal.archiver.archive.sweep({ dryRun: false });
    const saved = await add('saved');
    for (const id of saved) await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: 'd' });
    await archived(swept);
    await archived(saved);
    assert.ok(victim.most <= 3, `${victim.most} requests at a time`);
    assert.equal(victim.requests, 2 * LINKS);
    await until(async () => Number((await limitOf(victim.hostOf(0)))?.bytes) > 0);
    assert.equal(Number((await limitOf(crowd.hostOf(0)))?.bytes), 0);
    assert.equal((await portal.agent().get('/health/ready')).status, 200);
    assert.deepEqual(portal.logged, []);
  });

  it('wait for its rate, without being counted as failures', async () => {
    await open({ hostRequestsPerSecond: 10, hostBurst: 1, hostConcurrency: 8 });
    const startedAt = performance.now();
    const saved = await add('saved');
    for (const id of saved) await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: 'd' });
    await archived(saved);
    const seconds = (performance.now() - startedAt) / 1000;
    // A burst, a burst that may be owed, and the rate.
    assert.ok(victim.requests <= 2 + 10 * seconds, `${victim.requests} requests in ${seconds} s`);
    const archivals = await recordsIn(portal.database.knex).archivals.getMany(saved);
    assert.deepEqual(
      new Set(archivals.map(({ attempts, failureCount }) => `${attempts} ${failureCount}`)),
      new Set(['1 0']),
    );
    assert.deepEqual(portal.logged, []);
  });
});
