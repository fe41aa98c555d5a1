import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import { type AzureGate, openAzureGate } from '../support/azureGate.ts';
import { testAzurite } from '../support/azurite.ts';
import { archivedOnce, requestsOf } from '../support/faultProof.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { restartablePostgres } from '../support/restartablePostgres.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { addResource } from '../support/testPortal.ts';
import { until } from '../support/until.ts';

const REASON = 'Nothing is fetched for now: the store or the database refuses what is archived.';
const WARNING = 'nothing is fetched: a service of ours refuses';
const FORBIDDEN = { status: 403, code: 'AuthorizationPermissionMismatch' };

describe('what was fetched when a service of ours refuses it', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** A portal whose container refuses every request from the first question to the publisher on. */
  async function refusedWhenAsked(
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<{ portal: ShownPortal; gate: AzureGate }> {
    const azurite = await testAzurite();
    closers.push(() => azurite.stop());
    const gate = await openAzureGate(azurite.connectionString);
    closers.push(() => gate.close());
    const azureContainer = `kept-${process.pid}-${Date.now()}`;
    const store = { store: 'azure', azureConnectionString: gate.connectionString, azureContainer };
    const portal = await ShownPortal.open({ settings: { ...store, ...settings } });
    closers.push(() => portal.close());
    portal.beforeAnswer = () => {
      gate.refuse = () => FORBIDDEN;
    };
    return { portal, gate };
  }

  function mend(portal: ShownPortal, gate: AzureGate): void {
    portal.beforeAnswer = () => undefined;
    gate.refuse = () => null;
  }

  const statusOf = async (portal: ShownPortal, id: string) => {
    const status = await recordsIn(portal.database.knex).taskStatus.get(id);
    return [status?.state, status?.error];
  };

  for (const lane of ['a request', 'a sweep'])
    it(`by ${lane} is kept and stored when Azure takes it, and its publisher is asked once`, async () => {
      const { portal, gate } = await refusedWhenAsked();
      const { knex } = portal.database;
      for (const id of ['r1', 'r2']) portal.files.set(`/${id}.csv`, { body: `a,b\n${id},2\n` });
      if (lane === 'a request') await portal.save('r1', '/r1.csv');
      else await addResource(knex, 'r1', portal.urlOf('/r1.csv'));
      if (lane === 'a sweep') await portal.archiver.archive.sweep({ dryRun: false });
      await until(() => portal.logged.some(({ message }) => message === WARNING));
      await until(async () => (await statusOf(portal, 'r1')).join() === `pending,${REASON}`);
      const { body } = await portal.agent().get('/health/ready').expect(503);
      assert.equal(body.checks.bulk.ok, false);
      // Asked for while the container refuses: nobody asks its publisher.
      await portal.save('r2', '/r2.csv');
      await until(async () => (await statusOf(portal, 'r2')).join() === `pending,${REASON}`);
      assert.deepEqual(requestsOf(portal, ['r1', 'r2']), [1, 0]);

      mend(portal, gate);
      await archivedOnce(portal, ['r1', 'r2']);
      assert.deepEqual(requestsOf(portal, ['r1', 'r2']), [1, 1]);
    });

  it('is fetched again where it exceeds what is kept, and leaves nothing behind', async () => {
    const { portal, gate } = await refusedWhenAsked({ keepFetchedBytes: 4 });
    portal.files.set('/r1.csv', { body: 'a,b\n1,2\n' });
    await portal.save('r1', '/r1.csv');
    await until(async () => (await statusOf(portal, 'r1')).join() === `pending,${REASON}`);
    assert.deepEqual(requestsOf(portal, ['r1']), [1]);
    mend(portal, gate);
    await archivedOnce(portal, ['r1']);
    assert.deepEqual(requestsOf(portal, ['r1']), [2]);
  });

  it('ends with the process that kept it', async () => {
    const { portal } = await refusedWhenAsked();
    portal.files.set('/r1.csv', { body: 'a,b\n1,2\n' });
    await portal.save('r1', '/r1.csv');
    await until(async () => (await statusOf(portal, 'r1')).join() === `pending,${REASON}`);
    await portal.archiver.stop();
    const archival = await recordsIn(portal.database.knex).archivals.get('r1');
    assert.deepEqual([archival?.code, archival?.requestSeq, archival?.doneSeq], [null, 1, 0]);
  });

  it('is recorded when PostgreSQL takes writes again, and its publisher is asked once', async () => {
    const { database, stop } = await restartablePostgres();
    closers.push(stop);
    const admin = createKnex({ client: 'pg', connection: database.url, pool: { min: 0, max: 1 } });
    closers.push(() => admin.destroy());
    const readOnly = async (value: 'on' | 'off') => {
      await admin.raw(`alter system set default_transaction_read_only = ${value}`);
      await admin.raw('select pg_reload_conf()');
    };
    const portal = await ShownPortal.open({ database });
    closers.push(() => portal.close());
    portal.beforeAnswer = () => readOnly('on');
    portal.files.set('/r1.csv', { body: 'a,b\n1,2\n' });
    await portal.save('r1', '/r1.csv');
    await until(() => portal.logged.some(({ message }) => message === WARNING));
    portal.beforeAnswer = () => undefined;
    assert.deepEqual(requestsOf(portal, ['r1']), [1]);
    await readOnly('off');
    await archivedOnce(portal, ['r1']);
    assert.deepEqual(requestsOf(portal, ['r1']), [1]);
  });
});
