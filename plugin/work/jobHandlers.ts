import { archiveResource, type Journey, type JourneyResult } from '../archiveResource.ts';
import { ArchivalFailed, messageOf, RetryLater } from '../errors.ts';
import { answerOrder, SharedRetriever } from '../fetch/retrieve/sharedRetriever.ts';
import type { JobHandlers } from '../job/JobQueue.ts';
import type { Lease } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { FetchCost } from './hostBatch.ts';
import type { HostQueue } from './hostQueue.ts';
import type { LeaseRenewal } from './leaseRenewal.ts';

export interface JobHandlerDeps {
  readonly archivals: Pick<Archivals, 'lease' | 'release' | 'get' | 'postpone'>;
  readonly keeper: LeaseRenewal;
  readonly line: HostQueue;
  /** For requests of people: fetches in this thread. */
  readonly priority: Journey;
  readonly batch: (host: string, signal: AbortSignal) => Promise<Date | null>;
  readonly owner: string;
  readonly leaseMs: number;
  now(): Date;
  readonly logger: Logger;
}

const BUSY_MS = 1000;
const LONGEST_BUSY_MS = 10_000;
const NO_REQUEST: FetchCost = { requests: 0, bytes: 0, ms: 0, retryAfterMs: null, host: 'unasked', interrupted: false };

/** What the queue's jobs do. */
export function createJobHandlers(parts: JobHandlerDeps): JobHandlers {
  return {
    async resource(resourceId, { signal, retryCount }) {
      const waiting = await parts.archivals.get(resourceId);
      if (!waiting) return;
      let arrival: JourneyResult | null = null;
      do {
        const busyMs = await parts.line.run(waiting.host, async () => {
          arrival = await archivePriority(resourceId, parts, signal);
          return arrival ? costOf(arrival.attempt) : NO_REQUEST;
        });
        if (busyMs !== null) throw await requeueBusyHost(resourceId, busyMs, retryCount, parts);
      } while (wantedAgain(arrival));
      report(arrival);
    },
    host: (host, { signal }) => parts.batch(host, signal),
  };
}

/** One archival of a sweep: what fails here fails alone, gives its lease back and is tried again when it is due. */
export async function archiveSwept(
  lease: Lease,
  journey: Journey,
  parts: Pick<JobHandlerDeps, 'archivals' | 'keeper' | 'logger'>,
  signal: AbortSignal,
): Promise<FetchCost> {
  try {
    const arrival = await parts.keeper.hold(lease, signal, (held) => archiveResource(lease, journey, held));
    return arrival ? costOf(arrival.attempt) : NO_REQUEST;
  } catch (error) {
    parts.logger.warn({ resourceId: lease.resourceId, error: messageOf(error) }, 'archival interrupted');
    await parts.archivals.release([lease]).catch(() => undefined);
    return { ...NO_REQUEST, interrupted: true };
  }
}

/** Archivals of resources that share a URL: it is asked for once. */
export async function archiveTogether(
  leases: readonly Lease[],
  journey: Journey,
  parts: Pick<JobHandlerDeps, 'archivals' | 'keeper' | 'logger'> & { readonly store: ArchiveStore },
  signal: AbortSignal,
): Promise<FetchCost> {
  const [only, another] = leases;
  if (only && !another) return archiveSwept(only, journey, parts, signal);
  const retriever = new SharedRetriever(journey.retriever, parts.store);
  const costs: FetchCost[] = [];
  for (const lease of answerOrder(leases))
    costs.push(await archiveSwept(lease, { ...journey, retriever }, parts, signal));
  const asked = costs.filter(({ requests }) => requests > 0);
  const sum = asked.reduce(
    (sum, one) => ({
      ...one,
      requests: sum.requests + one.requests,
      bytes: sum.bytes + one.bytes,
      ms: sum.ms + one.ms,
    }),
    NO_REQUEST,
  );
  return { ...sum, interrupted: costs.some(({ interrupted }) => interrupted) };
}

async function archivePriority(
  resourceId: string,
  parts: JobHandlerDeps,
  signal: AbortSignal,
): Promise<JourneyResult | null> {
  const { archivals, keeper, priority, owner, leaseMs, now } = parts;
  const lease = await archivals.lease(resourceId, { owner, leaseMs, now: now() });
  if (!lease) return null;
  try {
    return await keeper.hold(lease, signal, (held) => archiveResource(lease, priority, held));
  } catch (error) {
    // A lease that cannot be given back now expires by itself.
    await archivals.release([lease]).catch(() => undefined);
    throw error;
  }
}

/** The host is busy or asked for a pause: the job waits in the queue, where it takes no place from other hosts. */
async function requeueBusyHost(
  resourceId: string,
  busyMs: number,
  retryCount: number,
  { archivals, now }: Pick<JobHandlerDeps, 'archivals' | 'now'>,
): Promise<RetryLater> {
  const delayMs = Math.max(busyMs, Math.min(BUSY_MS * 2 ** retryCount, LONGEST_BUSY_MS));
  await archivals.postpone(resourceId, new Date(now().getTime() + delayMs));
  return new RetryLater('The host of the resource is busy.', delayMs);
}

function wantedAgain(arrival: JourneyResult | null): boolean {
  return arrival?.wantedAgain ?? false;
}

/** Tells the queue how it ended: again later, failed for good, or done. */
function report(arrival: JourneyResult | null): void {
  if (!arrival) return;
  const { attempt, retryInMs } = arrival;
  if (retryInMs !== null) throw new RetryLater(attempt.reason, retryInMs);
  if (attempt.kind === 'failed') throw new ArchivalFailed(attempt.reason);
}

const UNREACHABLE = new Set(['refused', 'timeout', 'dns']);

function costOf({ requests, wireBytes, ms, retryAfterMs, code, status }: Attempt): FetchCost {
  const host = requests === 0 ? 'unasked' : status === null && UNREACHABLE.has(code) ? 'dead' : 'alive';
  return { requests, bytes: wireBytes, ms, retryAfterMs, host, interrupted: false };
}
