import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { HostLimits, HostSite } from '../../plugin/model/host.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';

const SITE: HostSite = { address: '203.0.113.7', domain: 'publisher.example' };
const LIMITS: HostLimits = {
  requestsPerSecond: 100,
  burst: 100,
  concurrency: 2,
  addressConcurrency: 4,
  domainConcurrency: 4,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

describe('the slots of hosts', () => {
  let test: TestRecords;

  beforeEach(async () => {
    test = await testRecords();
  });
  afterEach(() => test.close());

  function take(host: string, more: { readonly site?: HostSite; readonly urgent?: boolean } = {}) {
    const ask = { owner: `owner of ${host}`, requested: 1, limits: LIMITS, leaseMs: 60_000, now: new Date() };
    return test.records.hosts.takeSlice(host, { ...ask, site: SITE, urgent: true, ...more });
  }

  function release(host: string, site: HostSite = SITE) {
    const report = { unused: 0, bytes: 0, responseMs: 0, retryAfterMs: null, deadCount: 0, aliveCount: 1 };
    const now = new Date();
    return test.records.hosts.releaseSlots(host, { ...report, owner: `owner of ${host}`, slots: 1, site, now });
  }

  it('count for the address, whoever takes them and however many concurrently', async () => {
    const taken = await Promise.all(Array.from({ length: 12 }, (_, host) => take(`h${host}.example`)));
    assert.equal(taken.filter(({ slots }) => slots > 0).length, 4);
    assert.deepEqual(
      new Set(taken.filter(({ slots }) => slots === 0).map(({ reason }) => reason)),
      new Set(['address']),
    );
    const elsewhere = { address: '203.0.113.8', domain: 'publisher.example' };
    assert.equal((await take('else.example', { site: elsewhere })).reason, 'domain');
    assert.equal((await take('free.example', { site: { address: null, domain: null } })).reason, 'free');
  });

  it('are given to who waited longest at the address or domain, interactive requests first, each told once', async () => {
    for (const host of ['a', 'b', 'c', 'd']) await take(host);
    await take('sweep', { urgent: false });
    await take('first');
    await take('second', { site: { address: null, domain: 'publisher.example' } });
    await take('first');
    assert.deepEqual(await release('a'), [{ host: 'first', urgent: true }]);
    assert.deepEqual(await release('b'), [{ host: 'second', urgent: true }]);
    assert.deepEqual(await release('c'), [{ host: 'sweep', urgent: false }]);
    assert.deepEqual(await release('d'), []);
  });

  it('are given to hosts that hold nothing slow first, and by the turns of their requests', async () => {
    for (const host of ['a', 'b', 'c', 'd', 'drags']) await take(host);
    const { archivals, hosts } = test.records;
    const now = new Date();
    const ask = async (resourceId: string, host: string) => {
      const url = `http://${host}/${resourceId}.csv`;
      await archivals.request([{ resourceId, datasetId: 'crowd', url, host }], { lane: 'priority', runId: null, now });
      await archivals.turns([resourceId], now);
    };
    await ask('first', 'first');
    await ask('second', 'second');
    await test.knex('archiver.host_slot').where({ host: 'd' }).update({ host: 'drags' });
    await take('drags');
    await take('no-request');
    await take('second');
    await take('first');
    const site = SITE;
    assert.deepEqual(await hosts.slowSlots('drags', { owner: 'owner of d', slots: 1, site }), [
      { host: 'first', urgent: true },
    ]);
    assert.deepEqual(await release('a'), [{ host: 'second', urgent: true }]);
    assert.deepEqual(await release('b'), [{ host: 'no-request', urgent: true }]);
    assert.deepEqual(await release('c'), [{ host: 'drags', urgent: true }]);
  });

  it('of one that got in meanwhile are offered to nobody, and another site’s line is another', async () => {
    for (const host of ['a', 'b', 'c', 'd']) await take(host);
    await take('first');
    assert.deepEqual(await release('else', { address: '203.0.113.9', domain: 'other.example' }), []);
    await test.knex('archiver.host_slot').where({ host: 'a' }).delete();
    assert.equal((await take('first')).reason, 'free');
    assert.deepEqual(await release('b'), []);
  });

  it('that became slow leave room for half as many, which is told to who waits', async () => {
    for (const host of ['a', 'b', 'c', 'd']) await take(host);
    await take('waits');
    const slow = (host: string) =>
      test.records.hosts.slowSlots(host, { owner: `owner of ${host}`, slots: 1, site: SITE });
    assert.deepEqual(await slow('a'), [{ host: 'waits', urgent: true }]);
    await slow('b');
    assert.equal((await take('waits')).reason, 'address');
    await slow('c');
    await slow('d');
    const young = await Promise.all(['e', 'f', 'g'].map((host) => take(host)));
    assert.equal(young.filter(({ slots }) => slots > 0).length, 2);
  });

  it('of a dead owner are free when their time is over, and sweeps leave a quarter to interactive requests', async () => {
    for (const host of ['a', 'b', 'c']) await take(host, { urgent: false });
    assert.equal((await take('d', { urgent: false })).reason, 'address');
    assert.equal((await take('d')).reason, 'free');
    await test.knex('archiver.host_slot').update({ until: new Date(0) });
    assert.equal((await take('e', { urgent: false })).reason, 'free');
  });
});
