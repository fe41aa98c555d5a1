import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog } from '../../plugin/portal/Portal.ts';
import { Sweep } from '../../plugin/trigger/sweep.ts';
import { outcomeOf } from '../support/recordFixtures.ts';
import { addResource, SILENT } from '../support/testPortal.ts';
import { gate } from '../support/testQueues.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';
import { until } from '../support/until.ts';

const url = (name: string) => `https://data.example/${name}.csv`;

describe('the search of a sweep', () => {
  let test: TriggerPortal;

  beforeEach(async () => {
    test = await triggerPortal();
  });
  afterEach(() => test.close());

  function sweep(
    owner = 'a',
    catalog: Pick<Catalog, 'listResources' | 'getResource'> = test.portal.catalog,
    changes: Partial<ConstructorParameters<typeof Sweep>[0]> = {},
  ): Sweep {
    const { records, queue } = test;
    return new Sweep({
      ...changes,
      catalog,
      records,
      queue,
      now: () => new Date(),
      runsKeptMs: 90 * 86_400_000,
      owner,
      logger: SILENT,
    });
  }

  async function archived(id: string, nextCheckAt: Date | null): Promise<void> {
    const { archivals } = test.records;
    const requests = [{ resourceId: id, datasetId: 'd1', url: url(id), host: 'data.example' }];
    await archivals.request(requests, { lane: 'priority', runId: null, now: new Date() });
    const lease = await archivals.lease(id, { owner: 'worker', leaseMs: 30_000, now: new Date() });
    assert.ok(lease);
    await archivals.record([outcomeOf(lease, {}, { nextCheckAt })]);
  }

  it('counts no host for a text that is no URL', async () => {
    await addResource(test.database.knex, 'wrong', 'see the ministry');
    await addResource(test.database.knex, 'right', url('right'));
    const { missing, hosts, fullHosts } = await sweep().report({ dryRun: true });
    assert.deepEqual({ missing, hosts, fullHosts }, { missing: 2, hosts: 1, fullHosts: 1 });
  });

  it('compares the next page while what is said of one is noted, and ends when all is noted', async () => {
    const ids = Array.from({ length: 1500 }, (_, index) => `r${String(index).padStart(4, '0')}`);
    await test.database.knex('resource').insert(ids.map((id) => ({ id, package_id: 'd1', url: url(id) })));
    const noting = gate();
    const noted: number[] = [];
    const words = {
      noteOrganisations: async () => undefined,
      note: async (page: readonly unknown[]) => {
        await noting.passed;
        noted.push(page.length);
      },
    };
    const pages: string[] = [];
    const { portal } = test;
    const listResources: Catalog['listResources'] = async (page) => {
      pages.push(page.after ?? '');
      return portal.catalog.listResources(page);
    };
    const swept = sweep('a', { listResources, getResource: async () => null }, { words }).run();
    await until(() => pages.length === 2);
    assert.deepEqual(noted, []);
    noting.open();
    assert.equal((await swept)?.missing, 1500);
    assert.deepEqual(noted, [1000, 500]);
  });

  it('finds what is missing, what has another URL and what is due, and adds one job a host', async () => {
    const { knex } = test.database;
    for (const id of ['missing', 'moved', 'due', 'later']) await addResource(knex, id, url(id));
    await addResource(knex, 'elsewhere', 'https://else.example/x.csv');
    await archived('moved', new Date(Date.now() + 3_600_000));
    await archived('due', new Date(Date.now() - 1000));
    await archived('later', new Date(Date.now() + 3_600_000));
    await knex('resource')
      .where({ id: 'moved' })
      .update({ url: url('new') });
    const swept = await sweep().run();
    assert.deepEqual([swept?.missing, swept?.changed, swept?.due, swept?.hosts], [2, 1, 4, 2]);
    assert.deepEqual(test.queue.added.sort(), ['host data.example', 'host else.example']);
    const { archivals } = test.records;
    assert.equal((await archivals.get('moved'))?.url, url('new'));
    const by = { owner: 'worker', leaseMs: 30_000, now: new Date(), limit: 10 };
    const leased = await archivals.leaseDue('data.example', by);
    assert.deepEqual(leased.map(({ resourceId }) => resourceId).sort(), ['due', 'missing', 'moved']);
  });

  it('is made by one process at a time', async () => {
    await addResource(test.database.knex, 'r1', url('1'));
    const listing = gate();
    const begun = gate();
    const { catalog } = test.portal;
    const slow = sweep('a', {
      getResource: (id) => catalog.getResource(id),
      listResources: async (page) => {
        begun.open();
        await listing.passed;
        return catalog.listResources(page);
      },
    });
    const first = slow.run();
    await begun.passed;
    assert.equal(await sweep('b').run(), null);
    listing.open();
    assert.equal((await first)?.missing, 1);
    assert.equal((await sweep('b').run())?.missing, 0);
  });

  it('goes on where the last one stopped', async () => {
    const { knex } = test.database;
    for (const id of ['r1', 'r2', 'r3']) await addResource(knex, id, url(id));
    await test.records.leases.acquire('sweep', 'dead', -1, new Date());
    await test.records.leases.writeCursor('sweep', 'r1');
    const first = await sweep().run();
    assert.equal(first?.missing, 2);
    assert.equal(await test.records.archivals.get('r1'), null);
    assert.equal((await sweep().run())?.missing, 1);
  });
});
