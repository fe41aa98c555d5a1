import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import supertest from 'supertest';
import { type ChildClock, childClock, faketime } from '../support/faketime.ts';
import { FleetPortal, wholeArchive } from '../support/fleetPortal.ts';
import { skipWithout } from '../support/infrastructure.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;

describe('a machine whose clock is wrong', { skip: skipWithout(faketime) }, () => {
  let portal: FleetPortal | null = null;
  let clock: ChildClock | null = null;
  afterEach(async () => {
    await portal?.close();
    await clock?.remove();
    [portal, clock] = [null, null];
  });

  async function opened(): Promise<FleetPortal> {
    portal = await FleetPortal.create({ hosts: 1, variables: { ARCHIVER_RETRY_DELAYS_MS: '1000,1000,1000' } });
    return portal;
  }

  async function assertRightTimes({ database }: FleetPortal, ids: readonly string[]): Promise<void> {
    const archivals = await recordsIn(database.knex).archivals.getMany(ids);
    const wrong = archivals.filter(({ checkedAt }) => Math.abs(Number(checkedAt) - Date.now()) > HOUR_MS / 2);
    assert.deepEqual(wrong, []);
  }

  it('works on what is due although it is an hour behind, and writes the right time', async () => {
    const { fleet, publisher, archiver, ...rest } = parts(await opened());
    clock = await childClock('-1h');
    // The first answer of each file passes: what is tried again must not wait for an hour, nor not at all.
    publisher.answer = (id, _request, response) => {
      if ((publisher.requests.get(id) ?? 0) > 1) return false;
      response.writeHead(503).end();
      return true;
    };
    const ids = [...(await rest.portal.addResources('asked', 2)), ...(await rest.portal.addResources('found', 2))];
    await fleet.spawn(clock.variables).ready;
    await rest.portal.archiveDataset('asked');
    await archiver.archive.sweep({ dryRun: false });
    await rest.portal.settled(ids.length, 60);
    assert.deepEqual(await rest.portal.outcome(ids), wholeArchive(ids));
    assert.deepEqual([...publisher.requests.values()], [2, 2, 2, 2]);
    await assertRightTimes(rest.portal, ids);
  });

  it('goes on to sweep when its clock is set back by an hour', async () => {
    const { fleet, ...rest } = parts(await opened());
    clock = await childClock('+0');
    const first = await rest.portal.addResources('first', 2);
    const variables = { ...clock.variables, ARCHIVER_SWEEP_CRON: '*/2 * * * * *' };
    const worker = fleet.spawn(variables, 'worker,scheduler');
    await worker.ready;
    await rest.portal.settled(first.length, 60);
    await clock.set('-1h');
    const second = await rest.portal.addResources('second', 2);
    await rest.portal.settled(first.length + second.length, 60);
    const ids = [...first, ...second];
    assert.deepEqual(await rest.portal.outcome(ids), wholeArchive(ids));
    await assertRightTimes(rest.portal, ids);
    assert.deepEqual([...rest.publisher.requests.values()], [1, 1, 1, 1]);
    await until(() => /the clock of this machine is wrong by the database's/.test(worker.said()), 30);
    assert.doesNotMatch(worker.said(), /missed execution/i);
    await supertest(createServer(rest.archiver.handler)).get('/health/ready').expect(200);
  });
});

function parts(portal: FleetPortal) {
  const { fleet, publisher, archiver } = portal;
  return { portal, fleet, publisher, archiver };
}
