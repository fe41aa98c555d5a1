import type { Journey } from '../archiveResource.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Lease } from '../model/archival.ts';
import type { Copy } from '../model/copy.ts';
import type { Resource } from '../model/resource.ts';
import { DatasetTitles } from '../portal/datasetTitles.ts';
import { GroupedReader } from '../portal/groupedReader.ts';
import { ResourceReader } from '../portal/resourceReader.ts';
import { GroupedRecorder } from '../record/archival/groupedRecorder.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { presentKeys } from '../store/presentKeys.ts';
import type { FetchedKeeper } from '../work/fetchedKeeper.ts';
import { HopPlaces } from '../work/hopPlaces.ts';
import { HostSpeeds } from '../work/hostSpeeds.ts';
import { LanePlaces } from '../work/lanePlaces.ts';
import type { HostSlots } from '../work/sitedHosts.ts';
import { createJourney, type JourneyDeps } from './createJourney.ts';
import { hostLimitsOf } from './hostLimitsOf.ts';
import { missingCopyOf } from './missingCopy.ts';
import { createLocalRetriever, createThreadedRetriever } from './openRetriever.ts';
import type { Scope } from './scope.ts';
import type { WorkerDeps } from './WorkerDeps.ts';

/** What a sweep brings waits so long to be recorded with more of it: no host and nobody waits for that. */
const LINGER_MS = 100;
/** While PostgreSQL writes one group, the next is made ready. */
const GROUPS_AT_A_TIME = 2;

/** What one lane fetches with, and the places that its archivals have. */
export interface Lane {
  readonly journey: Journey;
  readonly places: LanePlaces;
}

/** Both lanes, and how they read what they are about to begin. */
export interface Lanes {
  readonly priority: Lane;
  readonly bulk: Lane;
  /** The resources of a slice, in one query. */
  readAhead(leases: readonly Lease[]): void;
  /** Those that the portal has, by id, their copies being where their audience finds them. */
  describe(ids: readonly string[]): Promise<ReadonlyMap<string, Resource>>;
  /** Whether the store has lost the newest copy. */
  isMissing(resourceId: string): Promise<boolean>;
}

/** What both lanes are made with. */
export interface LaneDeps {
  readonly keeper: FetchedKeeper;
  readonly hosts: HostSlots;
  /** A place on the way of a link is free again. */
  onFreed(host: string): void;
}

/** The retrievers, journeys and places of both lanes. */
export async function openLanes(
  scope: Scope,
  worker: WorkerDeps,
  { keeper, hosts, onFreed }: LaneDeps,
): Promise<Lanes> {
  const { config, portal } = worker;
  const identity = { site: portal.urls.site };
  const reader = new ResourceReader(worker.catalog);
  const deps = journeyDeps(worker, keeper, reader);
  const urgent = hopPlaces(worker, true, { hosts, onFreed });
  const patient = hopPlaces(worker, false, { hosts, onFreed });
  const local = scope.add(await createLocalRetriever(config, identity, urgent));
  const threaded = scope.add(createThreadedRetriever(config, identity, patient));
  const { slowAfterMs, busyMinBytesPerSecond: slowBytesPerSecond } = config;
  const speeds = new HostSpeeds({ slowAfterMs, slowBytesPerSecond, elapsedMs: () => performance.now() });
  return {
    priority: { journey: createJourney(deps, local, urgent), places: lanePlaces(config, speeds, local) },
    bulk: { journey: createJourney(deps, threaded, patient), places: lanePlaces(config, speeds, threaded) },
    readAhead: (leases) => reader.readAhead(leases.map(({ resourceId }) => resourceId)),
    describe: (ids) => describeAll(ids, reader, worker),
    isMissing: async (resourceId) => (await missingCopyOf(resourceId, deps)) !== null,
  };
}

async function describeAll(
  ids: readonly string[],
  reader: ResourceReader,
  { place }: Pick<WorkerDeps, 'place'>,
): Promise<ReadonlyMap<string, Resource>> {
  const resources = [...(await reader.readAll(ids)).values()];
  const placed = await Promise.all(resources.map(place));
  return new Map(placed.map((resource) => [resource.id, resource]));
}

function lanePlaces(config: Config, speeds: HostSpeeds, retriever: Retriever): LanePlaces {
  const { concurrency: places, slowShare, slowAfterMs, busyMinBytesPerSecond: slowBytesPerSecond } = config;
  return new LanePlaces({
    places,
    slowShare,
    slowAfterMs,
    speeds,
    elapsedMs: () => performance.now(),
    onDemand: (isScarce) => retriever.setLeastSpeed?.(isScarce ? slowBytesPerSecond : 0),
  });
}

function journeyDeps(worker: WorkerDeps, keeper: FetchedKeeper, reader: ResourceReader): JourneyDeps {
  const { config, portal, catalog, records, store, queue, tally, place, now, emit } = worker;
  const titles = new DatasetTitles(catalog);
  const copies = new GroupedReader<Copy>((ids) => newestCopies(ids, records));
  const stored = new GroupedReader<true>((keys) => storedKeys(keys, store));
  return {
    config,
    portal,
    records,
    recorder: new GroupedRecorder(records.archivals, { lingerMs: LINGER_MS, atATime: GROUPS_AT_A_TIME }),
    store,
    queueName: queue.name,
    tally,
    ownership: worker.ownership,
    keeper,
    describe: async (resourceId) => {
      const resource = await reader.read(resourceId);
      return resource && place(resource);
    },
    datasetTitle: (datasetId) => titles.titleOf(datasetId),
    newestCopy: (resourceId) => copies.read(resourceId),
    isStored: async (key) => (await stored.read(key)) !== null,
    emit,
    now,
  };
}

function hopPlaces(
  worker: WorkerDeps,
  urgent: boolean,
  { hosts, onFreed }: Pick<LaneDeps, 'hosts' | 'onFreed'>,
): HopPlaces {
  const { config, portal, owner, now } = worker;
  const { leaseMs, slowAfterMs } = config;
  const { logger } = portal;
  return new HopPlaces({
    hosts,
    limitsFor: hostLimitsOf(config),
    owner,
    leaseMs,
    slowAfterMs,
    urgent,
    onFreed,
    now,
    logger,
  });
}

async function storedKeys(keys: readonly string[], store: ArchiveStore): Promise<ReadonlyMap<string, true>> {
  return new Map([...(await presentKeys(store, keys))].map((key) => [key, true]));
}

async function newestCopies(ids: readonly string[], { copies }: Records): Promise<ReadonlyMap<string, Copy>> {
  const newest = await copies.newestByResources(ids, 1);
  return new Map([...newest].flatMap(([id, [copy]]) => (copy ? [[id, copy] as const] : [])));
}
