import { ArchiverError, StoreRefused } from './errors.ts';
import type { Retriever } from './fetch/retrieve/Retriever.ts';
import type { Lease } from './model/archival.ts';
import type { Attempt, FetchRequest } from './model/attempt.ts';
import type { Copy } from './model/copy.ts';
import type { Resource } from './model/resource.ts';
import type { UnrecordedCopy, UnrecordedDerived } from './model/unrecordedCopy.ts';
import type { ArchiveEvent } from './notify/Listener.ts';
import type { ArchivalRecord, Recorded } from './record/Archivals.ts';
import { inSpan } from './trace/inSpan.ts';
import type { Derivation, LandingPage } from './work/archiveDerived.ts';
import type { Fetched } from './work/fetchedKeeper.ts';

/** The edges that one journey touches, each behind its contract. */
export interface Journey {
  /** null: the resource left the portal, or its save was rolled back. */
  describe(resourceId: string): Promise<Resource | null>;
  forget(lease: Lease): Promise<void>;
  /** Bytes that a worker kept and died before recording; null in all but such cases. */
  findUnrecordedCopy(lease: Lease): Promise<UnrecordedCopy | null>;
  /** The same of the files behind a page: each in the place that its link had among those of the page. */
  findUnrecordedDerived(lease: Lease): Promise<readonly UnrecordedDerived[]>;
  recordRecoveredCopy(unrecorded: UnrecordedCopy, resource: Resource): Promise<void>;
  /** Bytes that were kept for nothing, unless the worker that holds the resource now may find them. */
  dropUnrecorded(lease: Lease, key: string): Promise<void>;
  /** A host where the link leads has no place now: given back without a record until then, for so many milliseconds. */
  defer(lease: Lease, attempt: Attempt, ms: number): Promise<void>;
  /** The newest copy, where the store has lost its bytes: it cannot be unchanged, and is fetched again. */
  findMissing(lease: Lease): Promise<Copy | null>;
  /** The newest copy, where the host's table refused it last time; else null. */
  copyOwed(lease: Lease): Promise<Copy | null>;
  /** What it comes to without a request; null: it is asked for. */
  answer(lease: Lease, resource: Resource, owed: Copy | null): Attempt | null;
  requestFor(asked: Omit<MadeAttempt, 'attempt' | 'owed'>): Promise<FetchRequest>;
  readonly retriever: Retriever;
  /** Runs the fetch; that the store refuses what comes of this URL, again and again, is an attempt too. */
  retrieving(url: string, fetch: () => Promise<Attempt>): Promise<Attempt>;
  /** Runs a step that stores or records what was fetched, again while a service of ours refuses it. */
  keepTrying<Result>(fetched: Fetched, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  /** The files that a page leads to, archived as the settings say; null when there are none. */
  archiveDerived(page: LandingPage, signal: AbortSignal): Promise<Derivation | null>;
  decide(made: MadeAttempt): Decision;
  /** A decision that the database refuses as data is recorded as the one that stands in for it; answers which it was. */
  record(decision: Decision): Promise<{ readonly made: Decision; readonly recorded: Recorded }>;
  /** Logs and emits what was recorded; never rejects and waits for nobody. */
  notify(decision: Decision, recorded: Recorded): void;
}

/** One attempt, and what it was made for. */
export interface MadeAttempt {
  readonly lease: Lease;
  readonly resource: Resource;
  readonly attempt: Attempt;
  readonly unrecorded: UnrecordedCopy | null;
  readonly missing: Copy | null;
  /** What the host's table has yet to be told of. */
  readonly owed: Copy | null;
  /** Of the files behind a page; left out or null when there are none. */
  readonly derivation?: Derivation | null;
}

/** What an attempt means: what is recorded, and what is told once it is. */
export interface Decision {
  readonly attempt: Attempt;
  readonly outcome: ArchivalRecord;
  /** null: nothing is tried again, the request is answered. */
  readonly retryInMs: number | null;
  readonly events: readonly ArchiveEvent[];
  /** For the operator's log alone: it may name addresses of the network. */
  readonly detail: string | null;
  /** What is recorded in its place when `error` refused it; null: nothing, the job is tried again. */
  standIn(error: unknown): Decision | null;
}

/** Told while a journey goes on, to who need not wait for its end. */
export interface JourneySteps {
  /** Nobody outside is asked any more. */
  answered?(attempt: Attempt): void;
  /** The bytes are in the store, if there are new ones; nothing is recorded yet. */
  stored?(): void;
}

/** How a journey ended, for the job that started it. */
export interface JourneyResult {
  readonly attempt: Attempt;
  readonly retryInMs: number | null;
  /** A request came in meanwhile: one more run is due. */
  readonly wantedAgain: boolean;
}

/**
 * THE JOURNEY of one resource: fetch → decide → store → record → notify. Answers null when there is nothing to
 * archive any more, or when the lease was lost and another worker carries on. A broken link is a result;
 * a throw means that a service is broken, so that the job is tried again.
 */
export function archiveResource(
  lease: Lease,
  journey: Journey,
  signal: AbortSignal,
  passed: JourneySteps = {},
): Promise<JourneyResult | null> {
  const { resourceId, archival } = lease;
  const about = { 'archiver.resource.id': resourceId, 'archiver.lane': archival.lane };
  const went = () => goThrough(lease, journey, signal, passed);
  return inSpan('archiver.journey', about, went, (result) => (result ? spanOf(result.attempt) : {}));
}

async function goThrough(
  lease: Lease,
  journey: Journey,
  signal: AbortSignal,
  passed: JourneySteps,
): Promise<JourneyResult | null> {
  const resource = await journey.describe(lease.resourceId);
  if (!resource) {
    await journey.forget(lease);
    return null;
  }

  const wasAbandoned = lease.abandonedKeyAts.length > 0;
  const unrecorded = wasAbandoned ? await journey.findUnrecordedCopy(lease) : null;
  const behind = wasAbandoned ? await journey.findUnrecordedDerived(lease) : [];
  const missing = await journey.findMissing(lease);
  const owed = missing ? null : await journey.copyOwed(lease);
  const fetch = async () =>
    journey.retriever.retrieve(await journey.requestFor({ lease, resource, unrecorded, missing }), signal);
  const retrieve = () => inSpan('archiver.fetch', {}, () => journey.retrieving(resource.url, fetch), spanOf);
  const attempt = journey.answer(lease, resource, owed) ?? (await retrieve());
  if (signal.aborted) throw await interrupted(lease, attempt, journey.retriever);
  if (attempt.deferredMs !== undefined) {
    await journey.defer(lease, attempt, attempt.deferredMs);
    return { attempt, retryInMs: attempt.deferredMs, wantedAgain: false };
  }
  if (unrecorded && attempt.code !== 'same-hash') await journey.recordRecoveredCopy(unrecorded, resource);
  const page = { lease, resource, attempt, unrecorded: behind };
  const derivation = attempt.links ? await journey.archiveDerived(page, signal) : null;
  await recordNotAdopted(behind, derivation, (copy) => journey.recordRecoveredCopy(copy, resource));
  passed.answered?.(withCost(attempt, derivation));
  const decided = journey.decide({ lease, resource, attempt, unrecorded, missing, owed, derivation });
  const keepTrying = <Result>({ attempt: { stage } }: Decision, work: () => Promise<Result>) =>
    journey.keepTrying({ resourceId: lease.resourceId, bytes: stage?.bytes ?? 0 }, signal, work);
  const decision = await commitBytes(decided, journey.retriever, (work) => keepTrying(decided, work));
  const { stage } = decision.attempt;
  passed.stored?.();
  const { made, recorded } = await inSpan('archiver.record', {}, () =>
    keepTrying(decision, () => journey.record(decision)),
  );
  const isLost = recorded.result === 'lease-lost';
  if (stage && (isLost || !made.outcome.copy)) await journey.dropUnrecorded(lease, stage.key);
  const isBehindLost = isLost || !made.outcome.landing;
  for (const key of isBehindLost ? ownKeys(derivation, behind) : []) await journey.dropUnrecorded(lease, key);
  if (isLost) return null;
  journey.notify(made, recorded);
  return { attempt: withCost(made.attempt, derivation), retryInMs: made.retryInMs, wantedAgain: recorded.wantedAgain };
}

/** How it ended, without the URL, in which secrets may stand. */
function spanOf({ code, requests, wireBytes, status }: Attempt) {
  return {
    'archiver.code': code,
    'archiver.requests': requests,
    'archiver.received_bytes': wireBytes,
    ...(status == null ? {} : { 'http.response.status_code': status }),
  };
}

/** What a dead worker stored behind a page and what this attempt did not prove to be the same keeps a row of its own. */
async function recordNotAdopted(
  behind: readonly UnrecordedDerived[],
  derivation: Derivation | null,
  record: (copy: UnrecordedCopy) => Promise<void>,
): Promise<void> {
  const adopted = new Set(derivation?.copies.map(({ key }) => key));
  for (const { copy } of behind) if (!adopted.has(copy.key)) await record(copy);
}

/** Keys that this attempt wrote; those that it adopted may be another worker's by now. */
function ownKeys(derivation: Derivation | null, behind: readonly UnrecordedDerived[]): string[] {
  const found = new Set(behind.map(({ copy }) => copy.key));
  return (derivation?.copies ?? []).map(({ key }) => key).filter((key) => !found.has(key));
}

async function interrupted(lease: Lease, { stage }: Attempt, retriever: Retriever): Promise<ArchiverError> {
  if (stage) await retriever.discard(stage);
  return new ArchiverError('stopped', `The archival of resource ${lease.resourceId} was interrupted.`);
}

/** The host of a page was asked for the files that it leads to as well. */
function withCost(attempt: Attempt, derivation: Derivation | null): Attempt {
  if (!derivation) return attempt;
  const { requests, wireBytes } = derivation;
  return { ...attempt, requests: attempt.requests + requests, wireBytes: attempt.wireBytes + wireBytes };
}

/**
 * From here on the bytes are visible; the record that follows is what makes them count. What is not taken is dropped. Answers
 * what is to be recorded: the decision, or what stands in for it where the store refuses this body alone.
 */
async function commitBytes(
  decision: Decision,
  retriever: Retriever,
  keepTrying: <Result>(work: () => Promise<Result>) => Promise<Result>,
): Promise<Decision> {
  const { stage } = decision.attempt;
  if (!stage) return decision;
  try {
    const commit = () => keepTrying(() => retriever.commit(stage));
    const about = { 'archiver.copy.key': stage.key, 'archiver.copy.bytes': stage.bytes };
    if ((await inSpan('archiver.stage', about, commit)) === 'committed') return decision;
  } catch (error) {
    await retriever.discard(stage).catch(() => undefined);
    const standIn = error instanceof StoreRefused ? decision.standIn(error) : null;
    if (standIn) return standIn;
    throw error;
  }
  await retriever.discard(stage);
  throw new ArchiverError('store-failed', `The key ${stage.key} is taken; the next try takes a later timestamp.`);
}
