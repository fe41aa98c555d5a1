import type { Decision, Journey } from '../archiveResource.ts';
import { keyPrefix } from '../decide/archiveKey.ts';
import { isDerived } from '../decide/circular.ts';
import { copyOf, knownFromUnrecorded, type NewCopy, recoveredCopyOf, writeBackOf } from '../decide/copyOf.ts';
import { copyUrl } from '../decide/copyUrl.ts';
import { hostOf } from '../decide/hostOf.ts';
import { type NextArchival, nextArchival } from '../decide/nextArchival.ts';
import { refusedAttempt } from '../decide/refusedAttempt.ts';
import { messageOf } from '../errors.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { Resource } from '../model/resource.ts';
import { CODES } from '../model/status.ts';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import { archiveEvent } from '../notify/archiveEvent.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { deliveriesOf } from '../notify/webhooks.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Recorded } from '../record/Archivals.ts';
import type { GroupedRecorder } from '../record/groupedRecorder.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { findUnrecordedCopy } from '../store/findUnrecordedCopy.ts';
import type { AttemptTally } from '../work/attemptTally.ts';
import { forgetResources } from '../work/forgetResources.ts';

export interface JourneyDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly records: Records;
  readonly recorder: GroupedRecorder;
  readonly store: ArchiveStore;
  readonly queueName: string;
  readonly tally: AttemptTally;
  describe(resourceId: string): Promise<Resource | null>;
  emit(event: ArchiveEvent): void;
  now(): Date;
}

/** Ties the steps of one journey to the parts that are in use. */
export function createJourney(deps: JourneyDeps, retriever: Retriever): Journey {
  const { records, recorder, store, now } = deps;
  return {
    retriever,
    describe: (resourceId) => deps.describe(resourceId),
    forget: ({ resourceId, archival }) => forgetResources([resourceId], deps, archival.runIds),
    findUnrecordedCopy: (lease) => findBytes(lease, deps),
    recordRecoveredCopy: (unrecorded, resource) =>
      records.copies.recordRecovered(recoveredCopyOf(unrecorded, resource, now())),
    async dropUnrecorded(key) {
      if (!(await records.copies.findByKey(key))) await store.remove(key);
    },
    refuse: (resource) => refuse(resource, deps),
    requestFor: (lease, resource, unrecorded) => requestOf({ lease, resource, unrecorded }, deps),
    decide: (lease, resource, attempt, unrecorded) => decide({ lease, resource, attempt, unrecorded }, deps),
    record: (outcome) => recorder.record(outcome),
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

const DERIVED = 'The portal makes this file itself, of rows that it holds: archiving it would go round in a circle.';

function refuse(resource: Resource, { portal }: JourneyDeps): Attempt | null {
  const reason = isDerived(resource) ? DERIVED : (portal.refusalOf?.(resource) ?? null);
  return reason === null ? null : refusedAttempt(resource.url, 'circular', reason);
}

function requestOf(asked: Omit<Case, 'attempt'>, { config, portal, now }: JourneyDeps): FetchRequest {
  const { lease, resource, unrecorded } = asked;
  const at = now();
  return {
    url: resource.url,
    mode: config.checkOnly ? 'check' : lease.requested ? 'demand' : 'sweep',
    authorization: portal.authorizationFor?.(resource) ?? null,
    known: unrecorded ? knownFromUnrecorded(unrecorded, resource, at) : lease.archival.known,
    declaredFormat: resource.format,
    resourceName: resource.name,
    now: at.getTime(),
    keyPrefix: keyPrefix(lease.keyAt, lease.resourceId),
  };
}

interface Case {
  readonly lease: Lease;
  readonly resource: Resource;
  readonly attempt: Attempt;
  readonly unrecorded: UnrecordedCopy | null;
}

/** What an attempt means, with everything that is written and told of it. */
function decide({ lease, resource, attempt, unrecorded }: Case, deps: JourneyDeps): Decision {
  const { config, tally, now } = deps;
  tally.add(attempt);
  const at = now();
  const { url, datasetId, id: entityId } = resource;
  const host = hostOf(url);
  const before = lease.archival;
  const next = nextArchival({ before, attempt, url, host, now: at, policy: config, random: Math.random() });
  const { archival, settled, retryInMs, state, value, error } = next;
  const copy = copyOf(attempt, unrecorded, resource, at);
  const events = eventsOf({ lease, resource, next, copy }, deps);
  return {
    retryInMs,
    events,
    detail: attempt.detail || null,
    outcome: {
      lease,
      copy,
      archival,
      datasetId,
      settled,
      writeBack: writeBackOf(attempt, copy, resource, copiesUrlOf(deps)),
      taskStatus: { entityId, state, value, error, lastUpdated: at },
      deliveries: events.flatMap((event) => deliveriesOf(event, config.webhooks)),
    },
  };
}

interface Decided extends Pick<Case, 'lease' | 'resource'> {
  readonly next: NextArchival;
  readonly copy: NewCopy | null;
}

function eventsOf({ lease, resource, next, copy }: Decided, deps: JourneyDeps): readonly ArchiveEvent[] {
  const { code, reason } = next.archival;
  const subject = {
    datasetId: resource.datasetId,
    resourceId: resource.id,
    runId: lease.archival.runIds.at(-1) ?? null,
    code,
    status: code && CODES[code].status,
    reason,
    cacheUrl: copy && copyUrl(copiesUrlOf(deps), copy.key),
  };
  return next.transitions.map((name) => archiveEvent(`archive.${name}`, subject, deps));
}

const copiesUrlOf = ({ config, portal }: JourneyDeps): string => config.publicCopiesUrl ?? portal.urls.archiver;

/** After the commit: one log line, the events of the resource, then those of runs that it ended. */
function notify({ outcome, events, detail }: Decision, { endedRunIds }: Recorded, deps: JourneyDeps): void {
  const { resourceId } = outcome.lease;
  const { code, attempts } = outcome.archival;
  const fields = { resourceId, code, attempts };
  deps.portal.logger.info(detail === null ? fields : { ...fields, detail }, 'archival ended');
  for (const event of events) deps.emit(event);
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
