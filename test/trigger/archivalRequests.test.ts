import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runView } from '../../plugin/show/views.ts';
import { ArchivalRequests } from '../../plugin/trigger/archivalRequests.ts';
import { addResource } from '../support/testPortal.ts';
import { type TriggerPortal, triggerPortal } from '../support/triggerPortal.ts';

const NOBODY = { caller: null, idempotencyKey: null };

describe('a request', () => {
  let place: TriggerPortal;
  before(async () => {
    place = await triggerPortal();
    for (const id of ['r1', 'r2']) await addResource(place.database.knex, id, `https://data.example/${id}`);
  });
  after(() => place.close());

  function requestsOn(queue: { add(): Promise<void> }, catalog = place.portal.catalog) {
    const { portal, records } = place;
    const { logger } = portal;
    return new ArchivalRequests({ catalog, records, queue, logger, now: () => new Date() });
  }

  test('for everything has no total until it is counted', async () => {
    const { portal, records } = place;
    const totals: unknown[] = [];
    const catalog = {
      ...portal.catalog,
      getResource: portal.catalog.getResource.bind(portal.catalog),
      getDataset: portal.catalog.getDataset.bind(portal.catalog),
      listResources: async (page: Parameters<typeof portal.catalog.listResources>[0]) => {
        totals.push(...(await records.runs.list(1)).map((run) => runView(run).total));
        return portal.catalog.listResources(page);
      },
    };
    const result = await requestsOn({ add: async () => undefined }, catalog).all(NOBODY);
    assert.ok(result.kind === 'accepted');
    assert.deepEqual([totals, result.run.total], [[null, null], 2]);
  });

  test('is answered while a queue that is slow or away takes its time', async () => {
    const slow = requestsOn({ add: () => new Promise(() => undefined) });
    const away = requestsOn({ add: () => Promise.reject(new Error('away')) });
    const startedAt = Date.now();
    for (const requests of [slow, away]) {
      for (const result of [
        await requests.resource('r1', NOBODY),
        await requests.dataset('d1', NOBODY),
        await requests.all(NOBODY),
      ]) {
        assert.equal(result.kind, 'accepted');
      }
    }
    assert.ok(Date.now() - startedAt < 5000);
    const waiting = await place.records.archivals.getMany(['r1', 'r2']);
    assert.deepEqual(
      waiting.map(({ requestSeq, doneSeq }) => requestSeq > doneSeq),
      [true, true],
    );
  });
});
