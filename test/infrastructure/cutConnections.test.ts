import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { addUnreported, archivedOnce, assertNotAskedAgain } from '../support/faultProof.ts';
import { freshDatabase } from '../support/postgres.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

describe('while PostgreSQL cannot be reached', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it('no file is fetched again, the routes say so, and all are archived once when it is back', async () => {
    const { url, drop } = await freshDatabase();
    await drop();
    const proxy = await CuttingProxy.before(url);
    closers.push(() => proxy.close());
    const portal = await ShownPortal.open({
      connect: (direct) => createKnex({ client: 'pg', connection: proxy.through(direct), pool: { min: 0, max: 20 } }),
    });
    closers.push(() => portal.close());
    const ids = await addUnreported(portal, 4);

    proxy.cut();
    const { body } = await portal.agent().get('/health/ready').expect(503);
    assert.equal(body.checks.database.ok, false);
    await assert.rejects(portal.archiver.archive.sweep({ dryRun: false }), { code: 'database-failed' });
    await until(() => portal.logged.some(({ message }) => /relayed|lost jobs/.test(message)));
    assertNotAskedAgain(portal, ids);

    proxy.resume();
    await portal.archiver.archive.sweep({ dryRun: false });
    await archivedOnce(portal, ids);
    assertNotAskedAgain(portal, ids);
  });
});
