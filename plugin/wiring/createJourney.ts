import type { Decision, Journey, MadeAttempt } from '../archiveResource.ts';
import { derivedKeyAt, keyPrefix } from '../decide/archiveKey.ts';
import { knownFromUnrecorded, knownWithoutCopy, recoveredCopyOf } from '../decide/copyOf.ts';
import { isOwnFault, offeredAgain } from '../decide/ownFault.ts';
import { messageOf } from '../errors.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { Copy } from '../model/copy.ts';
import type { HostPlaces } from '../model/hostPlaces.ts';
import type { Resource } from '../model/resource.ts';
import type { Code } from '../model/status.ts';
import type { UnrecordedCopy, UnrecordedDerived } from '../model/unrecordedCopy.ts';
import { archiveEvent } from '../notify/archiveEvent.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Recorded } from '../record/Archivals.ts';
import type { GroupedRecorder } from '../record/archival/groupedRecorder.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { findUnrecordedCopy } from '../store/findUnrecordedCopy.ts';
import { archiveDerived } from '../work/archiveDerived.ts';
import type { AttemptTally } from '../work/attemptTally.ts';
import type { FetchedKeeper } from '../work/fetchedKeeper.ts';
import { forgetResources } from '../work/forgetResources.ts';
import type { StoreOwnership } from '../work/storeOwnership.ts';
import { decide } from './decision.ts';
import { dropUnrecorded } from './lostBytes.ts';
import { findMissingCopy } from './missingCopy.ts';
import { refusedUnasked } from './refusedUnasked.ts';

/** The edges that are in use, as a journey needs them. */
export interface JourneyDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly records: Records;
  readonly recorder: GroupedRecorder;
  readonly store: ArchiveStore;
  readonly queueName: string;
  readonly tally: AttemptTally;
  readonly ownership: Pick<StoreOwnership, 'mayRemove'>;
  readonly keeper: Pick<FetchedKeeper, 'keep' | 'staging'>;
  describe(resourceId: string): Promise<Resource | null>;
  datasetTitle(datasetId: string): Promise<string | null>;
  newestCopy(resourceId: string): Promise<Copy | null>;
  isStored(key: string): Promise<boolean>;
  emit(event: ArchiveEvent): void;
  now(): Date;
}

/** Ties the steps of one journey to the parts that are in use; `places` are for the files behind pages. */
export function createJourney(deps: JourneyDeps, retriever: Retriever, places: HostPlaces): Journey {
  const { records, recorder, now } = deps;
  const isOwn = (resource: Resource) => refusedUnasked(resource, deps.portal) !== null;
  return {
    retriever,
    describe: (resourceId) => deps.describe(resourceId),
    forget: ({ resourceId, archival }) => forgetResources([resourceId], deps, archival.runIds),
    findUnrecordedCopy: (lease) => findBytes(lease, deps),
    findUnrecordedDerived: (lease) => findDerivedBytes(lease, deps),
    recordRecoveredCopy: (unrecorded, resource) =>
      records.copies.recordRecovered(recoveredCopyOf(unrecorded, resource, now())),
    dropUnrecorded: (lease, key) => dropUnrecorded(lease, key, deps),
    defer: (lease, { reason }, ms) => records.archivals.defer(lease, new Date(now().getTime() + ms), reason),
    findMissing: (lease) => findMissingCopy(lease, deps),
    copyOwed: ({ resourceId, archival }) => copyOwed(resourceId, archival.code, records),
    answer: (lease, resource, owed) => refusedUnasked(resource, deps.portal) ?? answerOwed(lease, resource, owed),
    requestFor: (asked) => requestOf(asked, deps),
    retrieving: (url, fetch) => deps.keeper.staging(url, fetch),
    keepTrying: (fetched, signal, work) => deps.keeper.keep(fetched, signal, work),
    archiveDerived: (page, signal) => archiveDerived(page, { ...deps, retriever, places, isOwn }, signal),
    decide(made) {
      deps.tally.add(made.attempt);
      return decide(made, deps);
    },
    record: (decision) => record(decision, recorder),
    notify: (decision, recorded) => notify(decision, recorded, deps),
  };
}

/** The first bytes, by the keys of workers that died, of which no row speaks. */
async function findBytes(lease: Lease, { store, records }: JourneyDeps): Promise<UnrecordedCopy | null> {
  const isRecorded = async (key: string) => (await records.copies.findByKey(key)) !== null;
  for (const keyAt of lease.abandonedKeyAts) {
    const found = await findUnrecordedCopy(store, keyPrefix(keyAt, lease.resourceId), isRecorded);
    if (found) return found;
  }
  return null;
}

/** Files behind a page lie in the seconds after its own, one each; the one that looks there finds each key once. */
async function findDerivedBytes(lease: Lease, deps: JourneyDeps): Promise<UnrecordedDerived[]> {
  const { config, store, records } = deps;
  const found = new Map<string, UnrecordedDerived>();
  const isRecorded = async (key: string) => found.has(key) || (await records.copies.findByKey(key)) !== null;
  const places = config.landing === 'best' || config.landing === 'all' ? config.landingMax : 0;
  for (const keyAt of lease.abandonedKeyAts) {
    for (let index = 0; index < places; index++) {
      const prefix = keyPrefix(derivedKeyAt(keyAt, index), lease.resourceId);
      const copy = await findUnrecordedCopy(store, prefix, isRecorded);
      if (copy) found.set(copy.key, { index, copy });
    }
  }
  return [...found.values()];
}

async function copyOwed(id: string, code: Code | null, { copies }: Pick<Records, 'copies'>): Promise<Copy | null> {
  return code === 'host-refused' ? copies.newest(id) : null;
}

/** Where somebody asks for the file, or saved another URL, it is fetched; by itself only the host is asked again. */
function answerOwed({ archival, requested }: Lease, { url }: Resource, owed: Copy | null): Attempt | null {
  const isOfThisUrl = archival.known?.ok === true && archival.known.url === url;
  return owed && !requested && isOfThisUrl ? offeredAgain(owed, archival) : null;
}

async function requestOf(
  asked: Omit<MadeAttempt, 'attempt' | 'owed'>,
  { config, portal, datasetTitle, now }: JourneyDeps,
): Promise<FetchRequest> {
  const { lease, resource, unrecorded, missing } = asked;
  const known = missing ? knownWithoutCopy(lease.archival.known) : lease.archival.known;
  const at = now();
  const findLinks = config.landing !== 'off';
  // Where a page is likely or the file was asked for: its words help to tell links apart.
  const asksTitle = findLinks && (lease.requested || lease.archival.code === 'not-data');
  return {
    findLinks,
    datasetTitle: asksTitle ? await datasetTitle(resource.datasetId) : null,
    url: resource.url,
    mode: config.checkOnly ? 'check' : lease.requested ? 'demand' : 'sweep',
    authorization: portal.authorizationFor?.(resource) ?? null,
    known: unrecorded ? knownFromUnrecorded(unrecorded, resource.url, at) : known,
    declaredFormat: resource.format,
    resourceName: resource.name,
    isPrivate: resource.isPrivate ?? false,
    now: at.getTime(),
    waitsFor202: false,
    keyPrefix: keyPrefix(lease.keyAt, lease.resourceId),
  };
}

async function record(decision: Decision, recorder: GroupedRecorder): ReturnType<Journey['record']> {
  try {
    return { made: decision, recorded: await recorder.record(decision.outcome) };
  } catch (error) {
    const standIn = decision.standIn(error);
    if (!standIn) throw error;
    return record(standIn, recorder);
  }
}

/** After the commit: one log line, the events of the resource, then those of runs that it ended. */
function notify({ outcome, events, detail }: Decision, { endedRunIds }: Recorded, deps: JourneyDeps): void {
  const { resourceId } = outcome.lease;
  const { code, attempts } = outcome.archival;
  const fields = { resourceId, code, attempts };
  const level = isOwnFault(code) ? 'error' : 'info';
  deps.portal.logger[level](detail === null ? fields : { ...fields, detail }, 'archival ended');
  for (const event of events) {
    if (event.name === 'archive.missing') deps.portal.logger.error({ resourceId }, 'a copy was missing in the store');
    if (event.name === 'archive.suspect')
      deps.portal.logger.warn({ resourceId, reason: event.reason }, 'a copy is suspect');
    deps.emit(event);
  }
  for (const runId of endedRunIds) void emitDatasetEnd(runId, deps);
}

/** A dataset's run ended: one notice for the whole, after those of its resources. The run itself is recorded already. */
async function emitDatasetEnd(runId: string, deps: JourneyDeps): Promise<void> {
  try {
    const run = await deps.records.runs.get(runId);
    if (run?.kind === 'dataset') deps.emit(archiveEvent('archive.dataset', { datasetId: run.datasetId, runId }, deps));
  } catch (error) {
    deps.portal.logger.warn({ runId, error: messageOf(error) }, 'the end of a run could not be told');
  }
}
