import { archiveResource, type Journey, type JourneySteps } from '../archiveResource.ts';
import { costOf, NO_REQUEST, sumOfCosts } from '../decide/fetchCost.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import { messageOf } from '../errors.ts';
import { answerOrder, SharedRetriever } from '../fetch/retrieve/sharedRetriever.ts';
import type { Lease } from '../model/archival.ts';
import type { FetchCost } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { LaneMoves } from './laneMoves.ts';
import type { LeaseRenewal } from './leaseRenewal.ts';
import type { ClosedGate, ServiceGate } from './serviceGate.ts';

/** What archivals of a sweep read, write and call. */
export interface SharedUrlDeps {
  readonly journey: Journey;
  readonly archivals: Pick<Archivals, 'release' | 'explain'>;
  readonly leaseRenewal: LeaseRenewal;
  readonly gate: Pick<ServiceGate, 'closed' | 'failed' | 'succeeded'>;
  readonly moves: Pick<LaneMoves, 'ended'>;
  readonly store: ArchiveStore;
  readonly logger: Logger;
}

/**
 * Archives resources that share a URL: it is asked for once. Never rejects; answers what they cost their host together.
 * `onAnswered`: the host has answered, and what is left is ours; several are answered when all are recorded.
 */
export async function archiveSharedUrl(
  leases: readonly Lease[],
  deps: SharedUrlDeps,
  signal: AbortSignal,
  onAnswered: (cost: FetchCost) => void = () => undefined,
): Promise<FetchCost> {
  const [only, another] = leases;
  if (only && !another) {
    return archiveSwept(only, deps.journey, deps, { signal, answered: (attempt) => onAnswered(costOf(attempt)) });
  }
  const journey = { ...deps.journey, retriever: new SharedRetriever(deps.journey.retriever, deps.store) };
  const recording: Promise<FetchCost>[] = [];
  for (const lease of answerOrder(leases)) {
    // The next one may be answered from its copy, which need not be recorded for that.
    await new Promise<void>((stored) => {
      recording.push(archiveSwept(lease, journey, deps, { signal, stored }).finally(stored));
    });
  }
  return sumOfCosts(await Promise.all(recording));
}

/** What ends it, and who is told on the way. */
interface SweptOptions extends JourneySteps {
  readonly signal: AbortSignal;
}

/** What fails here fails alone, gives its lease back and is tried again when it is due. */
async function archiveSwept(
  lease: Lease,
  journey: Journey,
  { archivals, leaseRenewal, gate, moves, logger }: SharedUrlDeps,
  { signal, ...passed }: SweptOptions,
): Promise<FetchCost> {
  const closed = await gate.closed();
  if (closed) {
    await archivals.release([lease]).catch(() => undefined);
    await explain(lease, closed, archivals);
    return { ...NO_REQUEST, interrupted: true };
  }
  try {
    const result = await leaseRenewal.hold(lease, signal, (held) => archiveResource(lease, journey, held, passed));
    gate.succeeded();
    if (result) moves.ended('bulk', result.attempt);
    return result ? costOf(result.attempt) : NO_REQUEST;
  } catch (error) {
    logger.warn({ resourceId: lease.resourceId, error: messageOf(error) }, 'archival interrupted');
    await archivals.release([lease]).catch(() => undefined);
    if (await gate.failed(error)) await explain(lease, await gate.closed(), archivals);
    return { ...NO_REQUEST, interrupted: true };
  }
}

/** Why nothing is fetched, in its task_status; a database that does not take it is told by its own check. */
async function explain(lease: Lease, closed: ClosedGate | null, archivals: Pick<Archivals, 'explain'>): Promise<void> {
  if (closed) await archivals.explain([lease.resourceId], waitReason(closed.reason)).catch(() => undefined);
}
