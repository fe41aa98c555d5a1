import type { Decision } from '../archiveResource.ts';
import { copyOf, type NewCopy, writeBackOf } from '../decide/copyOf.ts';
import { copyUrl } from '../decide/copyUrl.ts';
import { hostOf } from '../decide/hostOf.ts';
import { type NextArchival, nextArchival } from '../decide/nextArchival.ts';
import { unrecordableAttempt } from '../decide/ownFault.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Resource } from '../model/resource.ts';
import { CODES } from '../model/status.ts';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import { archiveEvent } from '../notify/archiveEvent.ts';
import type { ArchiveEvent } from '../notify/Listener.ts';
import { deliveriesOf } from '../notify/webhooks.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Config } from '../settings/Config.ts';

/** What a decision needs besides the case itself. */
export interface DecisionDeps {
  readonly config: Config;
  readonly portal: Pick<Portal, 'urls'>;
  readonly queueName: string;
  now(): Date;
}

/** One attempt, and what it was made for. */
export interface Case {
  readonly lease: Lease;
  readonly resource: Resource;
  readonly attempt: Attempt;
  readonly unrecorded: UnrecordedCopy | null;
}

/** What an attempt means, with everything that is written and told of it. */
export function decide(decided: Case, deps: DecisionDeps): Decision {
  const { lease, resource, attempt, unrecorded } = decided;
  const { config, now } = deps;
  const at = now();
  const { url, datasetId, id: entityId } = resource;
  const host = hostOf(url);
  const before = lease.archival;
  const next = nextArchival({ before, attempt, url, host, now: at, policy: config, random: Math.random() });
  const { archival, settled, retryInMs, state, value, error } = next;
  const copy = copyOf(attempt, unrecorded, resource, at);
  const events = eventsOf({ lease, resource, next, copy }, deps);
  return {
    attempt,
    retryInMs,
    events,
    detail: attempt.detail || null,
    standIn: (thrown) => standInFor(decided, thrown, deps),
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

/** Only what the database has taken before: who wrote the text that it refuses now is not known. */
function standInFor({ lease, resource, attempt }: Case, thrown: unknown, deps: DecisionDeps): Decision | null {
  if (codeOf(thrown) !== 'data-refused') return null;
  const { url, datasetId } = lease.archival;
  const { id, urlType } = resource;
  const known: Resource = { id, urlType, url, datasetId, name: null, format: null };
  const internal = unrecordableAttempt(attempt, url, messageOf(thrown));
  return { ...decide({ lease, resource: known, attempt: internal, unrecorded: null }, deps), standIn: () => null };
}

interface Decided extends Pick<Case, 'lease' | 'resource'> {
  readonly next: NextArchival;
  readonly copy: NewCopy | null;
}

function eventsOf({ lease, resource, next, copy }: Decided, deps: DecisionDeps): readonly ArchiveEvent[] {
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

const copiesUrlOf = ({ config, portal }: DecisionDeps): string => config.publicCopiesUrl ?? portal.urls.archiver;
