import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

it('a store without room has nobody asked, of requests as of sweeps; log, task_status and readiness say why', async () => {
  // No disk has so much free.
  const portal = await ShownPortal.open({ settings: { minFreeBytes: Number.MAX_SAFE_INTEGER } });
  try {
    const { taskStatus } = recordsIn(portal.database.knex);
    const reasonOf = async (id: string) => (await taskStatus.get(id))?.error ?? '';
    const told = /^Nothing is fetched for now: the store has \d+ bytes free, less than \d+\.$/;
    await portal.save('saved', '/saved.csv');
    await until(async () => told.test(await reasonOf('saved')), 60);
    await until(() => portal.logged.length > 0, 60);
    const [first] = portal.logged;
    assert.match(String(Reflect.get(first?.fields ?? {}, 'error')), /bytes free, less than/);
    await addResource(portal.database.knex, 'swept', portal.urlOf('/swept.csv'));
    await portal.archiver.archive.sweep({ dryRun: false });
    await until(async () => told.test(await reasonOf('swept')), 60);
    const { body } = await portal.agent().get('/health/ready');
    assert.match(body.checks.bulk.detail, /^A worker pauses: the store has \d+ bytes free, less than \d+\.$/);
    assert.deepEqual(portal.requests, []);
  } finally {
    await portal.close();
  }
});
