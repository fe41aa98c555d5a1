import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { drip, ManyHosts, sendCsv } from '../support/manyHosts.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const STILL = 'the lane stands still';
/** One place, which nobody leaves because it takes long. */
const ONE_PLACE = { concurrency: 1, slowShare: 0, slowAfterMs: 600_000, healthMaxIdleMs: 1000 };

describe('a lane', () => {
  let portal: ShownPortal;
  const crowds: ManyHosts[] = [];

  afterEach(async () => {
    await portal.close();
    for (const crowd of crowds.splice(0)) await crowd.stop();
  });

  async function crowd(...how: Parameters<typeof ManyHosts.start>): Promise<ManyHosts> {
    const started = await ManyHosts.start(...how);
    crowds.push(started);
    return started;
  }

  async function add(id: string, url: string): Promise<void> {
    await addResource(portal.database.knex, id, url, `of-${id}`);
  }

  async function save(id: string, url: string): Promise<void> {
    await add(id, url);
    await portal.archiver.hooks.afterResourceCreate({ resourceId: id, datasetId: `of-${id}` });
  }

  const archival = (id: string) => recordsIn(portal.database.knex).archivals.get(id);
  const untilArchived = (id: string) => until(async () => (await archival(id))?.code === 'archived', 60);
  const ready = () => portal.agent().get('/health/ready');
  const stills = () => portal.logged.filter(({ message }) => message === STILL);
  const laneOf = async (name: string) =>
    (await portal.archiver.archive.overview()).lanes.find(({ lane }) => lane === name) ?? assert.fail();

  for (const lane of ['priority', 'bulk'] as const) {
    it(`in which something waits and nothing ends is told, ${lane === 'bulk' ? 'of sweeps' : 'of requests'}`, async () => {
      portal = await ShownPortal.open({ settings: ONE_PLACE });
      const slow = await crowd(1, drip);
      const healthy = await crowd(1, sendCsv);
      const begin = async (id: string, url: string) => {
        if (lane === 'priority') return save(id, url);
        await add(id, url);
        await portal.archiver.archive.sweep({ dryRun: false });
      };
      await begin('slow', slow.url(0, '/slow.csv'));
      await until(() => slow.active === 1, 60);
      await begin('waits', healthy.url(0, '/waits.csv'));
      await until(async () => (await ready()).body.checks.lanes.ok === false, 60);
      const answer = await ready();
      assert.equal(answer.status, 503);
      const { lanes } = answer.body.checks;
      assert.match(
        lanes.detail,
        /^No archival of a (request|sweep) ended for \d+ s; hosts waited for: 1\. The log says/,
      );
      // Anybody may ask for health: names are for the log and the command line.
      assert.ok(!lanes.detail.includes('127.0.0.1'));
      await until(() => stills().length > 0);
      const [told] = stills();
      assert.equal(Reflect.get(told?.fields ?? {}, 'lane'), lane);
      assert.equal(Reflect.get(told?.fields ?? {}, 'heldBy')[0].host, slow.hostOf(0));
      const { heldBy } = await portal.archiver.archive.overview();
      assert.deepEqual(heldBy.map(({ host, address }) => [host, address]).slice(0, 1), [[slow.hostOf(0), '127.0.0.1']]);
      assert.equal((await laneOf(lane)).standsStill, true);
      assert.equal((await laneOf(lane === 'bulk' ? 'priority' : 'bulk')).standsStill, false);

      await slow.stop();
      await untilArchived('waits');
      await until(async () => (await ready()).body.checks.lanes.ok, 60);
      assert.equal(stills().length, 1);
    });
  }

  it('stands not still while nothing waits but for a pause of its host, nor beside a long download', async () => {
    portal = await ShownPortal.open({ settings: { healthMaxIdleMs: 1 } });
    const paused = await crowd(1, (_request, response) => {
      response.writeHead(429, { 'retry-after': '600' }).end();
    });
    const slow = await crowd(1, drip);
    assert.deepEqual(await laneOf('priority'), { lane: 'priority', waitingHosts: 0, idleMs: 0, standsStill: false });
    await save('first', paused.url(0, '/first.csv'));
    const { hosts } = recordsIn(portal.database.knex);
    await until(async () => ((await hosts.get(paused.hostOf(0)))?.pausedUntil ?? null) !== null, 60);
    await save('late', paused.url(0, '/late.csv'));
    await add('swept', paused.url(0, '/swept.csv'));
    await portal.archiver.archive.sweep({ dryRun: false });
    await until(async () => (await archival('late'))?.nextCheckAt !== null && (await archival('swept')) !== null, 60);
    await save('slow', slow.url(0, '/slow.csv'));
    await until(() => slow.active === 1, 60);
    await until(async () => (await laneOf('priority')).waitingHosts === 0, 60);
    assert.equal((await laneOf('priority')).standsStill, false);
    assert.equal((await laneOf('bulk')).waitingHosts, 0);
    assert.equal((await ready()).body.checks.lanes.ok, true);
  });
});
