import { messageOf } from '../errors.ts';
import type { JobHandlers } from '../job/JobQueue.ts';
import { OutboxRelay } from '../trigger/relay.ts';
import { archiveSharedUrl } from '../work/archiveSharedUrl.ts';
import { FetchedKeeper } from '../work/fetchedKeeper.ts';
import { forgetResources } from '../work/forgetResources.ts';
import { HostBatch } from '../work/hostBatch.ts';
import { HostQueue } from '../work/hostQueue.ts';
import { ArchivalJobs } from '../work/jobHandlers.ts';
import { LaneMoves } from '../work/laneMoves.ts';
import { LaneWatch } from '../work/laneWatch.ts';
import { LeaseRenewal } from '../work/leaseRenewal.ts';
import { MemoryPressure } from '../work/memoryPressure.ts';
import { endsWithin } from './endsWithin.ts';
import { groupedShares } from './groups/groupedShares.ts';
import { hostLimitsOf } from './hostLimitsOf.ts';
import { laneStates } from './laneStates.ts';
import { openFreshCopies } from './openFreshCopies.ts';
import { openGate } from './openGate.ts';
import { openHosts } from './openHosts.ts';
import { openLanes } from './openLanes.ts';
import { startQueue } from './openQueue.ts';
import { STAGE_MAX_MS } from './openStore.ts';
import { openWebhooks } from './openWebhooks.ts';
import type { Scope } from './scope.ts';
import type { StartWaits } from './startWaits.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

const HOUR_MS = 3_600_000;
const SHORTEST_LOOK_MS = 1000;
const LONGEST_LOOK_MS = 60_000;
const MOVES_TOLD_MS = 10_000;
const HOLDERS_TOLD = 10;
/** Some groups of records: nobody waits for one that gathers. */
const MOST_UNRECORDED = 1000;
/** Hosts that wait for their rate hold nothing but a timer. */
const KEPT_PER_PLACE = 16;
/** Another database on the store is noticed within so long, and so long a store that took no mark is believed to take none. */
const MARK_EVERY_MS = 300_000;

/** What works on jobs. Closed in reverse: intake first, then the jobs that still run, then what they fetch with. */
export async function openWorker(
  { scope, waits }: { readonly scope: Scope; readonly waits: StartWaits },
  deps: WorkerDeps,
): Promise<void> {
  const { config, portal, records, queue, now } = deps;
  const jobs = await openHandlers(scope, deps);
  const handlers = deps.wrapJobs?.(jobs) ?? jobs;
  const webhooks = scope.add(openWebhooks(config, records, now, portal.logger));
  webhooks.start();
  const dropping = setInterval(() => void dropStages(deps), config.leaseMs).unref();
  scope.defer(() => clearInterval(dropping));
  await waits.during('the mark of the store', deps.ownership.renew());
  const marking = setInterval(() => void deps.ownership.renew(), MARK_EVERY_MS).unref();
  scope.defer(() => clearInterval(marking));
  const pruning = setInterval(() => void dropOldRuns(deps), HOUR_MS).unref();
  scope.defer(() => clearInterval(pruning));
  await startQueue(queue, handlers, { scope, waits });
  const relay = createRelay(deps);
  scope.defer(() => relay.stop());
  await waits.during('the database', relay.start());
}

/** Two lanes: interactive requests are fetched in this thread, one by one; sweeps in threads, a host's share at a time. */
async function openHandlers(scope: Scope, deps: WorkerDeps): Promise<JobHandlers> {
  const { config, portal, records, store, queue, owner, now } = deps;
  const { archivals, leases } = records;
  const { leaseMs, slowAfterMs: patienceMs } = config;
  const { logger } = portal;
  const limitsFor = hostLimitsOf(config);
  const leaseRenewal = new LeaseRenewal({ archivals, leaseMs, now, logger });
  scope.defer(() => leaseRenewal.stop());
  leaseRenewal.start();
  const pressure = new MemoryPressure({
    elapsedMs: () => performance.now(),
    config,
    leases,
    owner,
    logger,
    memoryBytes: () => process.memoryUsage.rss(),
  });
  const moves = openWatch(scope, deps);
  const gate = openGate(scope, deps, leaseRenewal);
  // What waits for a host is known once there are jobs; before, nobody has a place to give back.
  let jobs: ArchivalJobs | null = null;
  const onFreed = (host: string) => jobs?.freed(host);
  const sweep = (host: string, at: Date) => queue.add([{ kind: 'host', host }], at);
  const hosts = openHosts(scope, deps, { onFreed, sweep });
  const keeper = new FetchedKeeper({ config, gate, archivals });
  const lanes = await openLanes(scope, deps, { keeper, hosts, onFreed });
  const { priority, bulk, readAhead } = lanes;
  const shared = { archivals, hosts, limitsFor, owner, leaseMs, patienceMs, now, logger };
  const sweptDeps = { journey: bulk.journey, archivals, leaseRenewal, gate, moves, store, logger };
  const shares = groupedShares(archivals);
  const hostBatch = new HostBatch({
    ...shared,
    archivals: shares,
    fresh: openFreshCopies(deps, { ...lanes, moves }),
    places: bulk.places,
    archive: (due, signal, onAnswered) => archiveSharedUrl(due, sweptDeps, signal, onAnswered),
    pause: async () => (await gate.closed()) ?? pressure.pause(),
    largestSlice: 100,
    // A slice of work is over when no job runs: nothing may go on without one.
    mostKept: deps.wrapJobs ? 0 : KEPT_PER_PLACE * config.concurrency,
    mostUnrecorded: MOST_UNRECORDED,
    readAhead,
    requeue: sweep,
    onFreed,
  });
  const requeue = (resourceId: string, at: Date) => queue.add([{ kind: 'resource', resourceId }], at);
  const { nextWaiting } = shares;
  const opened = new ArchivalJobs(
    { ...shared, nextWaiting, leaseRenewal, gate, moves, hostBatch, journey: priority.journey, requeue },
    (waiting) => new HostQueue({ ...shared, places: priority.places, next: (host) => waiting.next(host) }),
  );
  jobs = opened;
  // What still runs was told to end; who does not is left behind, and its leases expire.
  scope.defer(async (deadlineMs) => {
    await endsWithin(deadlineMs, Promise.all([opened.close(), hostBatch.close()]));
  });
  return opened;
}

/** Looks twice within the time after which a lane stands still; answers where it is told that one moves. */
function openWatch(scope: Scope, { config, records, now, portal: { logger } }: WorkerDeps): LaneMoves {
  const watch = new LaneWatch({
    states: () => laneStates({ config, records, now }),
    holders: () => records.hosts.holders(HOLDERS_TOLD),
    everyMs: Math.min(Math.max(config.healthMaxIdleMs / 2, SHORTEST_LOOK_MS), LONGEST_LOOK_MS),
    logger,
  });
  scope.add(watch);
  watch.start();
  const everyMs = Math.min(config.healthMaxIdleMs / 4, MOVES_TOLD_MS);
  return new LaneMoves({ leases: records.leases, everyMs, elapsedMs: () => performance.now(), logger });
}

function createRelay(deps: WorkerDeps): OutboxRelay {
  const { config, portal, catalog, records, queue, words, place, owner, now } = deps;
  const { logger } = portal;
  const { confirmFailures } = config;
  const onDeleted = (resourceIds: readonly string[]) => forgetResources(resourceIds, deps);
  const addUp = () => records.reports.addUp({ confirmFailures, now: now() });
  return new OutboxRelay({ catalog, records, queue, words, addUp, place, onDeleted, owner, now, logger });
}

/** Sweeps drop them too, but not every portal sweeps. */
async function dropOldRuns({ config, records, now, portal: { logger } }: WorkerDeps): Promise<void> {
  const moment = new Date(now().getTime() - config.runsKeptMs);
  await records.runs.dropEndedBefore(moment, moment).catch((error: unknown) => {
    logger.warn({ error: messageOf(error) }, 'old runs could not be dropped');
  });
}

/** What dead workers of this machine left behind; it need not wait until somebody starts again. */
async function dropStages({ store, portal: { logger } }: WorkerDeps): Promise<void> {
  await store.dropStages(STAGE_MAX_MS).catch((error: unknown) => {
    logger.warn({ error: messageOf(error) }, 'stages could not be dropped');
  });
}
