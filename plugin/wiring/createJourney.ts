import { randomUUID } from 'node:crypto';
import type { Decision, Journey } from '../archiveResource.ts';
import { keyPrefix } from '../decide/archiveKey.ts';
import { copyUrl } from '../decide/copyUrl.ts';
import { hostOf } from '../decide/hostOf.ts';
import { type NextArchival, nextArchival } from '../decide/nextArchival.ts';
import { redactUrl } from '../decide/redactUrl.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt, Known } from '../model/attempt.ts';
import type { Copy } from '../model/copy.ts';
import type { Resource } from '../model/resource.ts';
import { CODES } from '../model/status.ts';
import type { UnrecordedCopy } from '../model/unrecordedCopy.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { ArchiveEvent, EventName } from '../notify/Listener.ts';
import { deliveriesOf } from '../notify/webhooks.ts';
import type { Portal } from '../portal/Portal.ts';
import type { GroupedRecorder } from '../record/groupedRecorder.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/loadConfig.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { findUnrecordedCopy } from '../store/findUnrecordedCopy.ts';
import { forgetResources } from '../work/forgetResources.ts';

export interface JourneyDeps {
  readonly config: Config;
  readonly portal: Portal;
  readonly records: Records;
  readonly recorder: GroupedRecorder;
  readonly store: ArchiveStore;
  readonly queueName: string;
  describe(resourceId: string): Promise<Resource | null>;
  emit(event: ArchiveEvent): void;
  now(): Date;
}

/** Ties the steps of one journey to the parts that are in use. */
export function createJourney(parts: JourneyDeps, retriever: Retriever): Journey {
  const { config, portal, records, recorder, store, now, emit, queueName } = parts;
  const copiesUrl = config.publicCopiesUrl ?? portal.urls.archiver;
  const events = new WeakMap<Decision, ArchiveEvent[]>();
  const details = new WeakMap<Decision, string>();

  return {
    retriever,
    describe: (resourceId) => parts.describe(resourceId),
    record: (outcome) => recorder.record(outcome),

    forget: ({ resourceId, archival }) => forgetResources([resourceId], parts, archival.runIds),

    async findOrphan(lease) {
      const isRecorded = async (key: string) => (await records.copies.findByKey(key)) !== null;
      for (const keyAt of lease.abandonedKeyAts) {
        const orphan = await findUnrecordedCopy(store, keyPrefix(keyAt, lease.resourceId), isRecorded);
        if (orphan) return orphan;
      }
      return null;
    },

    adopt: (orphan, resource) => records.copies.recordRecovered(orphanCopy(orphan, resource, now())),

    async dropUnrecorded(key) {
      if (!(await records.copies.findByKey(key))) await store.remove(key);
    },

    requestFor: (lease, resource, orphan) => ({
      url: resource.url,
      mode: lease.requested ? 'demand' : 'sweep',
      known: orphan ? orphanKnown(orphan, resource, now()) : lease.archival.known,
      declaredFormat: resource.format,
      resourceName: resource.name,
      now: now().getTime(),
      keyPrefix: keyPrefix(lease.keyAt, lease.resourceId),
    }),

    decide(lease, resource, attempt, orphan) {
      const at = now();
      const next = nextArchival({
        before: lease.archival,
        attempt,
        url: resource.url,
        host: hostOf(resource.url),
        now: at,
        policy: config,
        random: Math.random(),
      });
      const copy = copyOf(attempt, orphan, resource, at);
      const happened = next.transitions.map((name) => eventOf(`archive.${name}`, { lease, resource, next, copy }));
      const decision: Decision = {
        retryInMs: next.retryInMs,
        outcome: {
          lease,
          copy,
          archival: next.archival,
          datasetId: resource.datasetId,
          settled: next.settled,
          writeBack: writeBackOf(attempt, copy, resource, copiesUrl),
          taskStatus: {
            entityId: resource.id,
            state: next.state,
            value: next.value,
            error: next.error,
            lastUpdated: at,
          },
          deliveries: happened.flatMap((event) => deliveriesOf(event, config.webhooks)),
        },
      };
      events.set(decision, happened);
      if (attempt.detail) details.set(decision, attempt.detail);
      return decision;
    },

    notify(_resource, decision, recorded) {
      const { lease, archival } = decision.outcome;
      const { resourceId } = lease;
      const detail = details.get(decision);
      const fields = { resourceId, code: archival.code, attempts: archival.attempts };
      portal.logger.info(detail === undefined ? fields : { ...fields, detail }, 'archival ended');
      for (const event of events.get(decision) ?? []) emit(event);
      for (const runId of recorded.endedRunIds) void tellDatasetEnd(runId);
    },
  };

  function eventOf(
    name: EventName,
    {
      lease,
      resource,
      next,
      copy,
    }: { lease: Lease; resource: Resource; next: NextArchival; copy: Omit<Copy, 'id'> | null },
  ): ArchiveEvent {
    const { code, reason } = next.archival;
    return {
      id: randomUUID(),
      name,
      at: now(),
      queue: queueName,
      datasetId: resource.datasetId,
      resourceId: resource.id,
      runId: lease.archival.runIds.at(-1) ?? null,
      code,
      status: code && CODES[code].status,
      reason,
      cacheUrl: copy && copyUrl(copiesUrl, copy.key),
    };
  }

  /** A dataset's run ended: one notice for the whole, after those of its resources. */
  async function tellDatasetEnd(runId: string): Promise<void> {
    const run = await records.runs.get(runId);
    if (run?.kind !== 'dataset') return;
    emit({
      id: randomUUID(),
      name: 'archive.dataset',
      at: now(),
      queue: queueName,
      datasetId: run.datasetId,
      resourceId: null,
      runId,
      code: null,
      status: null,
      reason: null,
      cacheUrl: null,
    });
  }
}

function orphanKnown(orphan: UnrecordedCopy, resource: Resource, at: Date): Known {
  const { bytes, md5, sha256 } = orphan;
  return { url: resource.url, storedAt: at.toISOString(), status: 200, headers: {}, bytes, md5, sha256, ok: true };
}

function orphanCopy(orphan: UnrecordedCopy, resource: Resource, at: Date): Omit<Copy, 'id'> {
  return {
    ...orphan,
    resourceId: resource.id,
    datasetId: resource.datasetId,
    mediaType: null,
    format: null,
    charset: null,
    url: redactUrl(resource.url),
    finalUrl: redactUrl(resource.url),
    etag: null,
    lastModified: null,
    storedAt: at,
  };
}

/** The copy that this attempt makes: new bytes, or those a dead worker kept and this attempt proved to be the same. */
function copyOf(
  attempt: Attempt,
  orphan: UnrecordedCopy | null,
  resource: Resource,
  at: Date,
): Omit<Copy, 'id'> | null {
  const { bytes, md5, sha256, mediaType, format, charset, validators, stage } = attempt;
  const isAdopted = orphan !== null && attempt.code === 'same-hash';
  const key = isAdopted ? orphan.key : stage?.key;
  if (key === undefined || bytes === null || md5 === null || sha256 === null) return null;
  return {
    key,
    bytes,
    md5,
    sha256,
    mediaType,
    format,
    charset,
    filename: key.slice(key.lastIndexOf('/') + 1),
    resourceId: resource.id,
    datasetId: resource.datasetId,
    url: attempt.url,
    finalUrl: attempt.finalUrl ?? attempt.url,
    etag: validators.etag,
    lastModified: validators.lastModified,
    storedAt: at,
  };
}

/** `cache_url` and its date only with a copy; a refusal still tells the size and type that the answer declared. */
function writeBackOf(
  attempt: Attempt,
  copy: Omit<Copy, 'id'> | null,
  resource: Resource,
  copiesUrl: string,
): WriteBack | null {
  if (copy) {
    return {
      resourceId: resource.id,
      cacheUrl: copyUrl(copiesUrl, copy.key),
      cacheLastUpdated: copy.storedAt,
      hash: `md5:${copy.md5}`,
      size: copy.bytes,
      mimetype: copy.mediaType,
    };
  }
  if (attempt.kind !== 'refused' || (attempt.bytes === null && attempt.mediaType === null)) return null;
  const { bytes: size, mediaType: mimetype } = attempt;
  return { resourceId: resource.id, cacheUrl: null, cacheLastUpdated: null, hash: null, size, mimetype };
}
