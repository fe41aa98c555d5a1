import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import type { Lease } from '../../plugin/model/archival.ts';
import { LeaseRenewal } from '../../plugin/work/leaseRenewal.ts';

const leaseOf = (resourceId: string) => ({ resourceId, token: 1 }) as Lease;

function renewalOf(owned: readonly string[]): LeaseRenewal {
  return new LeaseRenewal({
    archivals: { renew: async () => new Set(owned) },
    leaseMs: 30_000,
    now: () => new Date(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('renewing leases', () => {
  it('aborts the work of all leases that a signal ends, and of no other', async () => {
    const renewal = renewalOf([]);
    const [one, other] = [new AbortController(), new AbortController()];
    const held = ['r1', 'r2'].map((id) => renewal.hold(leaseOf(id), one.signal, untilAborted));
    const going = renewal.hold(leaseOf('r3'), other.signal, untilAborted);
    one.abort('stopping');
    assert.deepEqual(await Promise.all(held), ['stopping', 'stopping']);
    other.abort('later');
    assert.equal(await going, 'later');
  });

  it('begins nothing new with a signal that has fired', async () => {
    const reason = await renewalOf([]).hold(leaseOf('r1'), AbortSignal.abort('over'), async ({ aborted, reason }) => [
      aborted,
      reason,
    ]);
    assert.deepEqual(reason, [true, 'over']);
  });

  it('aborts the work of a lease that another has taken, and leaves the signal that all share alone', async () => {
    const renewal = renewalOf(['r2']);
    const { signal } = new AbortController();
    const lost = renewal.hold(leaseOf('r1'), signal, untilAborted);
    let isGoing = true;
    const end = new AbortController();
    const kept = renewal.hold(leaseOf('r2'), end.signal, untilAborted).finally(() => {
      isGoing = false;
    });
    await renewal.renewNow();
    assert.match(String(await lost), /Another worker holds resource r1/);
    assert.equal(isGoing, true);
    assert.equal(signal.aborted, false);
    end.abort();
    await kept;
  });

  it('leaves nothing behind at a signal that outlives the work', async () => {
    const renewal = renewalOf([]);
    const { signal } = new AbortController();
    for (let round = 0; round < 3; round++) {
      const works = ['r1', 'r2'].map((id) => renewal.hold(leaseOf(id), signal, () => new Promise(setImmediate)));
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      await Promise.all(works);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    }
  });
});
