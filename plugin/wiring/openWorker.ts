import { messageOf } from '../errors.ts';
import type { JobHandlers, JobQueue } from '../job/JobQueue.ts';

import type { Copy } from '../model/copy.ts';

import type { Resource } from '../model/resource.ts';

import type { ArchiveEvent } from '../notify/Listener.ts';
import { GroupedReader } from '../portal/groupedReader.ts';
import type { Portal } from '../portal/Portal.ts';
import { ResourceReader } from '../portal/resourceReader.ts';
import type { CatalogReader } from '../portal/storableCatalog.ts';
import { GroupedRecorder } from '../record/archival/groupedRecorder.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { OutboxRelay } from '../trigger/relay.ts';
import { archiveSharedUrl } from '../work/archiveSharedUrl.ts';
import type { AttemptTally } from '../work/attemptTally.ts';
import { FetchedKeeper } from '../work/fetchedKeeper.ts';
import { forgetResources } from '../work/forgetResources.ts';
import { HopPlaces } from '../work/hopPlaces.ts';
import { HostBatch } from '../work/hostBatch.ts';
import { HostQueue } from '../work/hostQueue.ts';
import { ArchivalJobs } from '../work/jobHandlers.ts';
import { LeaseRenewal } from '../work/leaseRenewal.ts';
import { ResourcePressure } from '../work/resourcePressure.ts';
import { createJourney, type JourneyDeps } from './createJourney.ts';
import { hostLimitsOf } from './hostLimitsOf.ts';
import { openGate } from './openGate.ts';
import { startQueue } from './openQueue.ts';
import { createLocalRetriever, createThreadedRetriever } from './openRetriever.ts';
import { STAGE_MAX_MS } from './openStore.ts';
import { openWebhooks } from './openWebhooks.ts';
import type { Scope } from './scope.ts';
import type { StartWaits } from './startWaits.ts';

const HOUR_MS = 3_600_000;

/** What is open when the worker starts. */
export interface WorkerDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly catalog: CatalogReader;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly tally: AttemptTally;
  /** Says who may see a resource, its copies being where that audience finds them. */
  place(resource: Resource): Promise<Resource>;
  /** Names this process in its leases. */
  readonly owner: string;
  now(): Date;
  emit(event: ArchiveEvent): void;
  /** Stands before the jobs; default: nothing does. */
  wrapJobs?(jobs: JobHandlers): JobHandlers;
}

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
  const pruning = setInterval(() => void dropOldRuns(deps), HOUR_MS).unref();
  scope.defer(() => clearInterval(pruning));
  await startQueue(queue, handlers, { scope, waits });
  const relay = createRelay(deps);
  scope.defer(() => relay.stop());
  await waits.during('the database', relay.start());
}

/** Two lanes: requests of people are fetched in this thread, one by one; sweeps in threads, a host's share at a time. */
async function openHandlers(scope: Scope, deps: WorkerDeps): Promise<JobHandlers> {
  const { config, portal, records, store, owner, now } = deps;
  const { archivals, hosts, leases } = records;
  const { leaseMs, concurrency } = config;
  const { logger } = portal;
  const limitsFor = hostLimitsOf(config);
  const leaseRenewal = new LeaseRenewal({ archivals, leaseMs, now, logger });
  scope.defer(() => leaseRenewal.stop());
  leaseRenewal.start();
  const pressure = new ResourcePressure({ config, store, leases, owner, logger });
  const hostQueue = new HostQueue({ hosts, limitsFor, owner, concurrency, leaseMs, now, logger });
  const gate = openGate(scope, deps, leaseRenewal);
  const journeys = await openJourneys(scope, deps, new FetchedKeeper({ config, gate, archivals }));
  const sweptDeps = { journey: journeys.bulk, archivals, leaseRenewal, gate, store, logger };
  const hostBatch = new HostBatch({
    archivals,
    hosts,
    limitsFor,
    archive: (due, signal) => archiveSharedUrl(due, sweptDeps, signal),
    pause: async () => (await gate.closed()) ?? pressure.pause(),
    owner,
    leaseMs,
    largestSlice: 100,
    now,
  });
  return new ArchivalJobs({
    archivals,
    leaseRenewal,
    gate,
    hostQueue,
    hostBatch,
    journey: journeys.priority,
    owner,
    leaseMs,
    now,
  });
}

async function openJourneys(scope: Scope, worker: WorkerDeps, keeper: FetchedKeeper) {
  const { config, portal, catalog, records, store, queue, tally, place, now, emit } = worker;
  const identity = { site: portal.urls.site };
  const reader = new ResourceReader(catalog);
  const copies = new GroupedReader<Copy>((ids) => newestCopies(ids, records));
  const deps: JourneyDeps = {
    config,
    portal,
    records,
    recorder: new GroupedRecorder(records.archivals),
    store,
    queueName: queue.name,
    tally,
    keeper,
    describe: async (resourceId) => {
      const resource = await reader.read(resourceId);
      return resource && place(resource);
    },
    newestCopy: (resourceId) => copies.read(resourceId),
    emit,
    now,
  };
  const [urgent, patient] = [hopPlaces(worker, true), hopPlaces(worker, false)];
  const local = scope.add(await createLocalRetriever(config, identity, urgent));
  const threaded = scope.add(createThreadedRetriever(config, identity, patient));
  return { priority: createJourney(deps, local, urgent), bulk: createJourney(deps, threaded, patient) };
}

function hopPlaces({ config, portal, records, owner, now }: WorkerDeps, urgent: boolean): HopPlaces {
  const { hosts } = records;
  const { leaseMs } = config;
  const { logger } = portal;
  return new HopPlaces({
    hosts,
    limitsFor: hostLimitsOf(config),
    owner,
    leaseMs,
    urgent,
    onFreed: () => undefined,
    now,
    logger,
  });
}

async function newestCopies(ids: readonly string[], { copies }: Records): Promise<ReadonlyMap<string, Copy>> {
  const newest = await copies.newestByResources(ids, 1);
  return new Map([...newest].flatMap(([id, [copy]]) => (copy ? [[id, copy] as const] : [])));
}

function createRelay(deps: WorkerDeps): OutboxRelay {
  const { portal, catalog, records, queue, place, owner, now } = deps;
  const { logger } = portal;
  const onDeleted = (resourceIds: readonly string[]) => forgetResources(resourceIds, deps);
  return new OutboxRelay({ catalog, records, queue, place, onDeleted, owner, now, logger });
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
