import type { Decision, MadeAttempt } from '../archiveResource.ts';
import { attemptNote } from '../decide/attemptNote.ts';
import { copyOf, type NewCopy, writeBackOf } from '../decide/copyOf.ts';
import { copyUrl } from '../decide/copyUrl.ts';
import { hostOf } from '../decide/hostOf.ts';
import { type NextArchival, nextArchival } from '../decide/nextArchival.ts';
import { hostRefusedAttempt, storeRefusedAttempt, unrecordableAttempt } from '../decide/ownFault.ts';
import { seenMove } from '../decide/proposal/seenMove.ts';
import { stateChanges } from '../decide/stateChanges.ts';
import { codeOf, messageOf, StoreRefused } from '../errors.ts';
import type { Resource } from '../model/resource.ts';
import { CODES } from '../model/status.ts';
import { archiveEvent } from '../notify/archiveEvent.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { deliveriesOf } from '../notify/webhooks.ts';
import type { Portal } from '../portal/Portal.ts';
import type { HistoryRecord } from '../record/Histories.ts';
import type { LandingRecord } from '../record/Landings.ts';
import type { Config } from '../settings/Config.ts';
import type { Suspect } from '../work/archiveDerived.ts';
import { copiesBase } from './copiesBase.ts';

/** What a decision needs besides the case itself. */
export interface DecisionDeps {
  readonly config: Config;
  readonly portal: Pick<Portal, 'urls'>;
  readonly queueName: string;
  now(): Date;
}

/** What an attempt means, with everything that is written and told of it. */
export function decide(decided: MadeAttempt, deps: DecisionDeps): Decision {
  const { lease, resource, attempt, unrecorded, missing, owed, derivation = null } = decided;
  const { config, now } = deps;
  const at = now();
  const { url, datasetId, id: entityId } = resource;
  const host = hostOf(url);
  const before = lease.archival;
  const next = nextArchival({ before, attempt, url, host, now: at, policy: config, random: Math.random() });
  const { settled, retryInMs, state, value, error } = next;
  const copy = copyOf(attempt, unrecorded, resource, at);
  const shown = copy ?? derivation?.best ?? null;
  const suspects = suspectsOf(decided, copy);
  const events = eventsOf({ lease, resource, next, copy: shown, missing, suspects }, deps);
  const toTell = shown ?? (attempt.kind === 'unchanged' ? owed : null);
  return {
    attempt,
    retryInMs,
    events,
    detail: attempt.detail || null,
    standIn: (thrown) => standInFor(decided, thrown, deps),
    outcome: {
      lease,
      copy,
      archival: { ...next.archival, nextCheckAt: earlier(next.archival.nextCheckAt, derivation?.nextCheckAt ?? null) },
      landing: landingOf(decided, at),
      history: historyOf(decided, next, copy, at),
      move: seenMove(attempt, resource, before.known, at),
      datasetId,
      settled,
      writeBack: writeBackOf(attempt, toTell, resource, copiesUrlOf(deps, resource)),
      taskStatus: { entityId, state, value, error, lastUpdated: at },
      deliveries: events.flatMap((event) => deliveriesOf(event, config.webhooks)),
    },
  };
}

/** What stands in for a decision that was refused as it is; null where it is no refusal. */
function standInFor(decided: MadeAttempt, thrown: unknown, deps: DecisionDeps): Decision | null {
  if (thrown instanceof StoreRefused) return withoutStore(decided, thrown.message, deps);
  if (codeOf(thrown) === 'host-refused') return withoutHost(decided, messageOf(thrown), deps);
  return codeOf(thrown) === 'data-refused' ? withoutTexts(decided, messageOf(thrown), deps) : null;
}

/** All that is ours stays as it was decided, the copy above all; what the host was to be told is owed to it. */
function withoutHost(decided: MadeAttempt, detail: string, deps: DecisionDeps): Decision {
  const { copy, archival, history } = decide(decided, deps).outcome;
  const { known, finalUrl, moved, lastSuccessAt } = archival;
  const refused = decide({ ...decided, attempt: hostRefusedAttempt(decided.attempt, detail) }, deps);
  const { outcome } = refused;
  const kept = { ...outcome.archival, known, finalUrl, moved, lastSuccessAt };
  const stored = history?.changes.filter(({ kind }) => kind === 'copy') ?? [];
  const told = outcome.history && { ...outcome.history, changes: [...stored, ...outcome.history.changes] };
  return { ...refused, outcome: { ...outcome, copy, writeBack: null, archival: kept, history: told } };
}

/** Nothing of the answer is remembered: an unchanged file would never be stored. */
function withoutStore(decided: MadeAttempt, detail: string, deps: DecisionDeps): Decision {
  const { attempt, resource } = decided;
  return decide({ ...decided, attempt: storeRefusedAttempt(attempt, resource.url, detail), unrecorded: null }, deps);
}

/** Only what the database has taken before: who wrote the text that it refuses now is not known. */
function withoutTexts({ lease, resource, attempt }: MadeAttempt, detail: string, deps: DecisionDeps): Decision {
  const { url, datasetId } = lease.archival;
  const { id, urlType } = resource;
  const known: Resource = { id, urlType, url, datasetId, name: null, format: null };
  const internal = unrecordableAttempt(attempt, url, detail);
  const decision = decide(
    { lease, resource: known, attempt: internal, unrecorded: null, missing: null, owed: null },
    deps,
  );
  return { ...decision, standIn: () => null };
}

/** null: nothing to write. A file in a page's place ends what was found behind the page. */
function landingOf({ resource, attempt, derivation = null }: MadeAttempt, at: Date): LandingRecord | null {
  const { links = attempt.kind === 'fetched' ? [] : null, accepted = [] } = attempt;
  if (links === null && accepted.length === 0) return null;
  const { derived = [], copies = [] } = derivation ?? {};
  return { resourceId: resource.id, at, links, derived, copies, accepted };
}

/** The new copies that are likely not all of their files. */
function suspectsOf({ attempt, derivation }: MadeAttempt, copy: NewCopy | null): readonly Suspect[] {
  const own = copy && attempt.suspect ? [{ key: copy.key, reason: attempt.suspect }] : [];
  return [...own, ...(derivation?.suspects ?? [])];
}

function historyOf(decided: MadeAttempt, next: NextArchival, copy: NewCopy | null, at: Date): HistoryRecord {
  const { lease, resource, attempt, missing, derivation = null } = decided;
  const changes = stateChanges({
    before: lease.archival,
    after: next.archival,
    datasetId: resource.datasetId,
    settled: next.settled,
    transitions: next.transitions,
    stored: copy?.key ?? null,
    derived: derivation?.copies.map(({ key }) => key) ?? [],
    missing: missing?.key ?? null,
    suspects: suspectsOf(decided, copy),
  });
  return { resourceId: resource.id, host: next.archival.host, changes, attempt: attemptNote(attempt, at) };
}

const earlier = (one: Date | null, other: Date | null): Date | null => (one && other && other < one ? other : one);

interface Decided extends Pick<MadeAttempt, 'lease' | 'resource' | 'missing'> {
  readonly next: NextArchival;
  readonly copy: NewCopy | null;
  readonly suspects: readonly Suspect[];
}

function eventsOf(
  { lease, resource, next, copy, missing, suspects }: Decided,
  deps: DecisionDeps,
): readonly ArchiveEvent[] {
  const { code, reason } = next.archival;
  const urlOf = (key: string) => copyUrl(copiesUrlOf(deps, resource), key);
  const subject = {
    datasetId: resource.datasetId,
    resourceId: resource.id,
    runId: lease.archival.runIds.at(-1) ?? null,
    code,
    status: code && CODES[code].status,
    reason,
    cacheUrl: copy && urlOf(copy.key),
  };
  const { datasetId, resourceId, runId } = subject;
  const lost = missing && { datasetId, resourceId, runId, cacheUrl: urlOf(missing.key) };
  return [
    ...(lost ? [archiveEvent('archive.missing', lost, deps)] : []),
    ...next.transitions.map((name) => archiveEvent(`archive.${name}`, subject, deps)),
    ...suspects.map(({ key, reason }) =>
      archiveEvent('archive.suspect', { ...subject, reason, cacheUrl: urlOf(key) }, deps),
    ),
  ];
}

const copiesUrlOf = ({ config, portal }: DecisionDeps, { isPrivate }: Resource): string =>
  copiesBase(config, portal, isPrivate ?? true);
