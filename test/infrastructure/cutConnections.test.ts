import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { addUnreported, archivedOnce, assertNotAskedAgain, proveFault } from '../support/faultProof.ts';
import { FleetPortal, wholeArchive } from '../support/fleetPortal.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const REFUSES = /nothing is fetched: a service of ours refuses/;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('while PostgreSQL cannot be reached', () => {
  async function behindProxy(): Promise<{ proxy: CuttingProxy; portal: ShownPortal }> {
    const { url, drop } = await freshDatabase();
    await drop();
    const proxy = await CuttingProxy.before(url);
    closers.push(() => proxy.close());
    const portal = await ShownPortal.open({
      connect: (direct) => createKnex({ client: 'pg', connection: proxy.through(direct), pool: { min: 0, max: 20 } }),
    });
    closers.push(() => portal.close());
    return { proxy, portal };
  }

  it('no file is fetched again, the routes say so, and all are archived once when it is back', async () => {
    const { proxy, portal } = await behindProxy();
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

  it('what was on its way is kept, and everything is archived once when it is back', async () => {
    const { proxy, portal } = await behindProxy();
    await proveFault(portal, {
      begin: () => proxy.cut(),
      end: () => proxy.resume(),
      line: REFUSES,
      check: 'database',
    });
  });
});

describe('while PostgreSQL is away for longer than leases last', () => {
  it('no worker takes over what another has fetched: each file is asked for once, and archived once', async () => {
    const database = await freshDatabase();
    const proxy = await CuttingProxy.before(database.url);
    closers.push(() => proxy.close());
    const through = { ...database, url: proxy.through(database.url) };
    const variables = { ARCHIVER_LEASE_MS: '4000' };
    const { fleet, publisher, ...portal } = await opened(through, variables);
    const ids = await portal.whole.addResources('d1', 12);
    publisher.answer = () => {
      proxy.cut();
      return false;
    };
    await Promise.all([fleet.spawn().ready, fleet.spawn().ready, fleet.spawn().ready]);
    await portal.whole.archiveDataset('d1');
    await until(() => publisher.requests.size > 0, 30);
    const held = 'select count(*)::int as held from archiver.archival where lease_until >= clock_timestamp()';
    await until(async () => (await database.knex.raw(held)).rows[0].held === 0, 30);
    publisher.answer = () => false;
    proxy.resume();
    await portal.whole.settled(ids.length, 60);
    assert.deepEqual(await portal.whole.outcome(ids), wholeArchive(ids));
    assert.deepEqual(
      [...publisher.requests.values()],
      ids.map(() => 1),
    );
  });

  async function opened(database: TestDatabase, variables: Readonly<Record<string, string>>) {
    const whole = await FleetPortal.create({ hosts: 12, database, variables });
    closers.push(() => whole.close());
    const { fleet, publisher } = whole;
    return { whole, fleet, publisher };
  }
});
