import { WAITS_FOR_US } from '../decide/pauseReasons.ts';
import { messageOf } from '../errors.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { probeStore } from '../store/probeStore.ts';
import type { LeaseRenewal } from '../work/leaseRenewal.ts';
import { ServiceGate } from '../work/serviceGate.ts';
import type { Scope } from './scope.ts';

/** What is tried, and what goes on when it is open again. */
export interface GateDeps {
  readonly config: Config;
  readonly portal: Pick<Portal, 'logger'>;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: Pick<JobQueue, 'add'>;
  /** Names this process among those that pause. */
  readonly owner: string;
  now(): Date;
}

/** While it is closed the services are tried so often, whatever the jobs wait: a try costs no publisher anything. */
const TRY_MS = 15_000;
/** Hosts whose waiting share of a sweep goes on without delay; the next sweep finds the rest. */
const HOSTS = 1000;

/** What stands before the publishers: tried by every archival that comes, and by a timer while it is closed. */
export function openGate(scope: Scope, deps: GateDeps, leaseRenewal: Pick<LeaseRenewal, 'renewNow'>): ServiceGate {
  const { config, store, owner, portal, records } = deps;
  const gate = new ServiceGate({
    config,
    store,
    probe: () => probeStore(store),
    leases: records.leases,
    owner,
    elapsedMs: () => performance.now(),
    logger: portal.logger,
    opening: () => leaseRenewal.renewNow(),
    opened: () => void resumeWaiting(deps),
  });
  const timer = setInterval(() => void gate.tryAgain(), TRY_MS).unref();
  scope.defer(() => clearInterval(timer));
  return gate;
}

/** What waited for us need not wait until its time: requests are due now, and hosts go on with their share of a sweep. */
async function resumeWaiting({ records: { archivals }, queue, now, portal }: GateDeps): Promise<void> {
  try {
    const requested = await archivals.resume(WAITS_FOR_US, now());
    const hosts = await archivals.dueHosts(now(), HOSTS);
    await queue.add([
      ...requested.map((resourceId) => ({ kind: 'resource', resourceId }) as const),
      ...hosts.map(({ host }) => ({ kind: 'host', host }) as const),
    ]);
  } catch (error) {
    portal.logger.warn({ error: messageOf(error) }, 'what waited could not be resumed; it goes on in its time');
  }
}
