import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FetchCost, HostLimits } from '../../plugin/model/host.ts';
import { HostQueue } from '../../plugin/work/hostQueue.ts';
import { type TestRecords, testRecords } from '../support/recordFixtures.ts';
import { SILENT } from '../support/testPortal.ts';
import { gate } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const HOST = 'data.example';
const ASKED: FetchCost = { requests: 1, bytes: 10, ms: 5, retryAfterMs: null, host: 'reachable', interrupted: false };
const LIMITS: HostLimits = {
  requestsPerSecond: 1,
  burst: 1,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

describe('the queue of interactive requests', () => {
  let test: TestRecords;

  beforeEach(async () => {
    test = await testRecords();
  });
  afterEach(() => test.close());

  function queue(owner: string): HostQueue {
    const { hosts } = test.records;
    const now = () => new Date();
    return new HostQueue({
      hosts,
      limitsFor: () => LIMITS,
      owner,
      concurrency: 9,
      leaseMs: 30_000,
      now,
      logger: SILENT,
    });
  }

  it('never has more under way at a host than it allows, in all processes together', async () => {
    let active = 0;
    let most = 0;
    const archive = async () => {
      most = Math.max(most, ++active);
      await new Promise(setImmediate);
      active -= 1;
      return ASKED;
    };
    const queues = [queue('a'), queue('b')];
    const passed = await Promise.all(queues.flatMap((one) => Array.from({ length: 6 }, () => one.run(HOST, archive))));
    assert.ok(passed.includes(null));
    assert.ok(most <= 2);
  });

  it('sends away for as long as a host asked to be left alone', async () => {
    const pause = async () => ({ ...ASKED, retryAfterMs: 30_000 });
    const one = queue('a');
    assert.equal(await one.run(HOST, pause), null);
    await until(async () => (await test.knex('archiver.host_limit').whereNotNull('pause_until')).length === 1);
    let asked = false;
    const busyMs = await one.run(HOST, async () => {
      asked = true;
      return ASKED;
    });
    assert.ok(busyMs !== null && busyMs > 20_000 && busyMs <= 30_000);
    assert.equal(asked, false);
  });

  it('sends away who waits too long behind slow files, and lets other hosts through', async () => {
    const slow = gate();
    const one = queue('a');
    let begun = 0;
    const archive = async () => {
      begun += 1;
      await slow.passed;
      return ASKED;
    };
    const first = [one.run(HOST, archive), one.run(HOST, archive)];
    await until(() => begun === 2);
    const third = one.run(HOST, archive);
    assert.equal(await one.run('else.example', async () => ASKED), null);
    assert.equal(await third, 0);
    slow.open();
    assert.deepEqual(await Promise.all(first), [null, null]);
    assert.equal(begun, 2);
  });

  it('lets a text without a host through, and rejects with what went wrong', async () => {
    const one = queue('a');
    assert.equal(await one.run('', async () => ASKED), null);
    const failing = one.run(HOST, async () => {
      throw new Error('the store is away');
    });
    await assert.rejects(failing, /the store is away/);
    assert.equal(await one.run(HOST, async () => ASKED), null);
  });
});
