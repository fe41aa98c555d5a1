import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { afterEach, describe, test } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

describe('a resource that left the portal', () => {
  let portal: ShownPortal | null = null;

  afterEach(async () => {
    await portal?.close();
    portal = null;
  });

  /** A portal with one archived resource. */
  async function archived(deletePolicy: 'keep' | 'remove'): Promise<ShownPortal> {
    portal = await ShownPortal.open({ settings: { deletePolicy } });
    portal.files.set('/data.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/data.csv');
    assert.equal((await filesOf(portal)).length, 1);
    await portal.database.knex('resource').where({ id: 'r1' }).delete();
    return portal;
  }

  async function filesOf({ folder }: ShownPortal): Promise<string[]> {
    return (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.csv'));
  }

  async function isForgotten({ database }: ShownPortal): Promise<void> {
    const { archivals, taskStatus } = recordsIn(database.knex);
    await until(async () => (await archivals.get('r1')) === null);
    assert.equal(await taskStatus.get('r1'), null);
  }

  const saysDeleted = ({ archiver }: ShownPortal) =>
    archiver.hooks.afterResourceDelete({ resourceId: 'r1', datasetId: 'd1' });

  /** Nobody says so: it is found gone when its turn comes. */
  async function isFoundGone({ archiver, database }: ShownPortal): Promise<void> {
    await database.knex('archiver.archival').update({ next_check_at: new Date(0) });
    await archiver.archive.sweep({ dryRun: false });
  }

  for (const [how, leave] of [
    ['when the portal says so', saysDeleted],
    ['when its turn comes', isFoundGone],
  ] as const) {
    test(`loses its copies where the policy removes them, ${how}`, async () => {
      const place = await archived('remove');
      await leave(place);
      await isForgotten(place);
      assert.deepEqual(await filesOf(place), []);
      assert.deepEqual(await recordsIn(place.database.knex).copies.listByResource('r1'), []);
    });

    test(`keeps its copies where the policy keeps them, ${how}`, async () => {
      const place = await archived('keep');
      await leave(place);
      await isForgotten(place);
      assert.equal((await filesOf(place)).length, 1);
      assert.equal((await recordsIn(place.database.knex).copies.listByResource('r1')).length, 1);
    });
  }
});
