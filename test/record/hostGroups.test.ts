import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { HostLimits, HostSite } from '../../plugin/model/host.ts';
import type { SliceAsk } from '../../plugin/record/Hosts.ts';
import { requestFor, type TestRecords, testRecords } from '../support/recordFixtures.ts';

const LIMITS: HostLimits = {
  requestsPerSecond: 1,
  burst: 3,
  concurrency: 2,
  addressConcurrency: 4,
  domainConcurrency: 0,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};
const SHARED: HostSite = { address: '203.0.113.7', domain: null };
const REPORT = { slots: 1, unused: 0, bytes: 10, responseMs: 0, retryAfterMs: null, deadCount: 0, aliveCount: 1 };

describe('many hosts in one statement', () => {
  let test: TestRecords;
  beforeEach(async () => {
    test = await testRecords();
  });
  afterEach(() => test.close());

  const now = new Date('2026-01-02T03:04:05Z');
  function askFor(host: string, more: Partial<SliceAsk> = {}): SliceAsk {
    return { host, owner: `owner of ${host}`, requested: 100, limits: LIMITS, leaseMs: 60_000, now, ...more };
  }

  it('are given their slices in the order in which they ask, what one is given counting for those after it', async () => {
    const { hosts } = test.records;
    const asked = ['d', 'a', 'c', 'b'].map((host) => askFor(host, { site: SHARED }));
    const slices = await hosts.takeSlices([...asked, askFor('e')]);
    // Of four places a sweep leaves one to interactive requests.
    assert.deepEqual(
      slices.map(({ slots, reason }) => [slots, reason]),
      [
        [1, 'free'],
        [1, 'free'],
        [1, 'free'],
        [0, 'address'],
        [1, 'free'],
      ],
    );
    assert.deepEqual(
      slices.map(({ granted }) => granted),
      [3, 3, 3, 0, 3],
    );
    const [again] = await hosts.takeSlices([askFor('e', { owner: 'another' })]);
    assert.equal(again?.reason, 'concurrency');
  });

  it('give two slices of one host its tokens once', async () => {
    const wide = { ...LIMITS, concurrency: 4 };
    const asked = ['first', 'second'].map((owner) => askFor('a', { owner, requested: 2, limits: wide }));
    const slices = await test.records.hosts.takeSlices(asked);
    assert.deepEqual(
      slices.map(({ granted }) => granted),
      [2, 1],
    );
  });

  it('give back what they hold, and what each did counts for itself', async () => {
    const { hosts } = test.records;
    await hosts.takeSlices(['a', 'b', 'c', 'd'].map((host) => askFor(host, { site: SHARED })));
    const reports = ['a', 'b'].map((host) => ({ ...REPORT, host, owner: `owner of ${host}`, site: SHARED, now }));
    const paused = { ...REPORT, host: 'c', owner: 'owner of c', site: SHARED, now: new Date(), retryAfterMs: 60_000 };
    assert.deepEqual(await hosts.releaseAll([...reports, paused]), [{ host: 'd', urgent: false }]);
    const { rows } = await test.knex.raw('select host from archiver.host_slot');
    assert.deepEqual(rows, []);
    assert.equal((await hosts.get('a'))?.pausedUntil, null);
    assert.ok((await hosts.get('c'))?.pausedUntil);
  });

  it('lease their shares, each up to its own limit, and say what is fresh and when retries come', async () => {
    const { archivals } = test.records;
    const resources = ['a', 'b'].flatMap((host) =>
      [1, 2, 3].map((i) => requestFor(`${host}${i}`, `https://${host}/${i}`)),
    );
    await archivals.request(resources, { lane: 'bulk', runId: null, now });
    const looked = await archivals.dueAndFreshOf(['a', 'b', 'c'], { now, limit: 2 });
    assert.deepEqual(
      [...looked],
      [
        ['a', { due: 2, fresh: [] }],
        ['b', { due: 2, fresh: [] }],
        ['c', { due: 0, fresh: [] }],
      ],
    );
    const shares = [
      { host: 'a', limit: 2 },
      { host: 'b', limit: 100 },
      { host: 'c', limit: 100 },
    ];
    const leased = await archivals.leaseDueOf(shares, { owner: 'w', leaseMs: 60_000, now });

    assert.deepEqual([leased.get('a')?.length, leased.get('b')?.length, leased.get('c')], [2, 3, undefined]);
    await test.knex('archiver.archival').where({ lease_owner: null }).update({ retrying: true });
    const retries = await archivals.nextRetries(['a', 'b']);
    assert.deepEqual([retries.get('a'), retries.get('b')], [now, null]);
  });
});
