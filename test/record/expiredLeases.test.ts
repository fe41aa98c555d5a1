import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import createKnex from 'knex';
import { CuttingProxy } from '../support/cuttingProxy.ts';
import { requestFor, testRecords } from '../support/recordFixtures.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { until } from '../support/until.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('a lease that expired', () => {
  it('is left to its owner for a while by who could not reach the database, and taken by who could', async () => {
    const { knex, url, records, close } = await testRecords();
    closers.push(close);
    const proxy = await CuttingProxy.before(url);
    closers.push(() => proxy.close());
    const cutOff = createKnex({ client: 'pg', connection: proxy.through(url), pool: { min: 0, max: 2 } });
    closers.push(() => cutOff.destroy());
    const other = recordsIn(cutOff).archivals;
    const { archivals } = records;
    const now = new Date();
    await archivals.request([requestFor('r1')], { lane: 'priority', runId: null, now });
    const lease = (await archivals.lease('r1', { owner: 'a', leaseMs: 100, now })) ?? assert.fail('not leased');
    proxy.cut();
    await assert.rejects(other.get('r1'), { code: 'database-failed' });
    const expired = 'select from archiver.archival where lease_until < clock_timestamp()';
    await until(async () => (await knex.raw(expired)).rows.length === 1);
    proxy.resume();

    const by = { owner: 'b', leaseMs: 600_000, now };
    await until(async () => (await other.get('r1')) !== null);
    assert.equal(await other.lease('r1', by), null);
    assert.deepEqual([...(await archivals.renew([lease], { leaseMs: 100, now }))], ['r1']);
    await until(async () => (await knex.raw(expired)).rows.length === 1);
    assert.equal((await archivals.lease('r1', { ...by, owner: 'c' }))?.owner, 'c');
  });
});
