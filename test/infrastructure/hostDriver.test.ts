import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import pg from 'pg';
import { addUnreported, archivedOnce, assertNotAskedAgain } from '../support/faultProof.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

/** What hosts set for their whole process. */
const GLOBAL_PARSERS: readonly [number, (text: string) => unknown][] = [
  [pg.types.builtins.TIMESTAMPTZ, String],
  [pg.types.builtins.TIMESTAMP, String],
  [pg.types.builtins.JSONB, String],
  [pg.types.builtins.JSON, String],
  [pg.types.builtins.INT8, Number],
];

describe('on a driver and a database that the host has set up in its own way', () => {
  const defaults = GLOBAL_PARSERS.map(([oid]) => [oid, pg.types.getTypeParser(oid)] as const);
  let portal: ShownPortal | null = null;
  afterEach(async () => {
    for (const [oid, parse] of defaults) pg.types.setTypeParser(oid, parse);
    await portal?.close();
    portal = null;
  });

  it('everything is archived once, whatever it reads times, JSON and bigint as', async () => {
    for (const [oid, parse] of GLOBAL_PARSERS) pg.types.setTypeParser(oid, parse);
    portal = await ShownPortal.open();
    await archivesOnce(portal);
  });

  it('everything is archived once, whatever its sessions write times in', async () => {
    portal = await ShownPortal.open({
      connect: (url) => {
        const style =
          '-c datestyle=German -c timezone=Asia/Kolkata -c intervalstyle=sql_standard -c bytea_output=escape';
        return createKnex({ client: 'pg', connection: { connectionString: url, options: style }, pool: { max: 2 } });
      },
    });
    await archivesOnce(portal);
    const records = recordsIn(portal.database.knex);
    const { checkedAt } = (await records.archivals.get('r0')) ?? assert.fail('no archival');
    assert.ok(checkedAt && Math.abs(Date.now() - checkedAt.getTime()) < 600_000, String(checkedAt));
  });

  it('everything is archived once, where every transaction is serializable', async () => {
    const options = '-c default_transaction_isolation=serializable';
    portal = await ShownPortal.open({
      connect: (url) =>
        createKnex({ client: 'pg', connection: { connectionString: url, options }, pool: { min: 0, max: 20 } }),
    });
    await archivesOnce(portal, 10);
    assert.deepEqual(portal.logged, []);
  });

  it('a pool of one connection is refused at start, with the number that is needed', async () => {
    const opening = ShownPortal.open({
      connect: (url) => createKnex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } }),
    });
    await assert.rejects(opening, {
      code: 'host-unsuitable',
      message: "The portal's knex has a pool of 1 connection; a worker needs at least 2 (pool.max).",
    });
  });
});

/** By a sweep and by hooks, and shown by the routes. */
async function archivesOnce(portal: ShownPortal, count = 3): Promise<void> {
  const ids = await addUnreported(portal, count);
  portal.files.set('/saved.csv', { body: 'id,value\nsaved,1\n' });
  await portal.save('saved', '/saved.csv');
  await portal.archiver.archive.sweep({ dryRun: false });
  await archivedOnce(portal, [...ids, 'saved']);
  assertNotAskedAgain(portal, [...ids, 'saved']);
  const { body } = await portal.agent().get('/resources/saved').set('authorization', 'admin').expect(200);
  assert.equal(body.archival?.code ?? body.code, 'archived');
}
