import { randomUUID } from 'node:crypto';
import type { Lease } from '../model/archival.ts';
import type { HostLimits } from '../model/host.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { Hosts } from '../record/Hosts.ts';
import { SlotRenewal } from './slotRenewal.ts';

export interface HostBatchDeps {
  readonly archivals: Pick<Archivals, 'leaseDue' | 'release' | 'nextRetryAt'>;
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'releaseSlots'>;
  limitsFor(host: string): HostLimits;
  /** Of resources that share a URL. Never rejects: an archival that cannot go on gives its lease back itself. */
  archive(leases: readonly Lease[], signal: AbortSignal): Promise<FetchCost>;
  /** null: the bulk lane may go on; else how long it pauses (disk or memory). */
  pauseMs(): Promise<number | null>;
  readonly owner: string;
  /** A dead worker's resources and slots are free again after this; a living one renews three times as often. */
  readonly leaseMs: number;
  readonly largestSlice: number;
  now(): Date;
}

/** What one archival, or those of one URL together, cost their host. */
export interface FetchCost {
  readonly requests: number;
  readonly bytes: number;
  readonly ms: number;
  readonly retryAfterMs: number | null;
  /** `dead`: no connection; `alive`: any answer; `unasked`: no request was made. */
  readonly host: 'dead' | 'alive' | 'unasked';
  /** It could not go on and gave its lease back: somebody has to come again. */
  readonly interrupted: boolean;
}

/** A service of ours failed: that long until the next try. */
const INTERRUPTED_MS = 5000;

/**
 * One host's share of a sweep: takes a slice of the host's budget, leases so many due resources, archives them as many
 * at a time as the host allows, gives back what was not used. Answers when to come again: at once while something is due,
 * then for the retries; null when nothing waits.
 */
export function createHostBatch(edges: HostBatchDeps): (host: string, signal: AbortSignal) => Promise<Date | null> {
  const { archivals, hosts, leaseMs, now } = edges;

  return async (host, signal) => {
    const pauseMs = await edges.pauseMs();
    if (pauseMs !== null) return new Date(now().getTime() + pauseMs);
    const limits = edges.limitsFor(host);
    const owner = `${edges.owner} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, {
      owner,
      requested: edges.largestSlice,
      limits,
      leaseMs,
      now: now(),
    });
    if (slice.granted === 0) return slice.retryAt;
    const leases = await archivals.leaseDue(host, {
      owner: edges.owner,
      leaseMs,
      now: now(),
      limit: slice.granted,
    });
    const keeper = new SlotRenewal((slots) => hosts.renewSlots(host, { owner, slots, leaseMs }), {
      slots: slice.slots,
      leaseMs,
    });
    const archived = await archiveAll(leases, { slots: slice.slots, signal, keeper }, edges);
    keeper.stop();
    await hosts.releaseSlots(host, {
      ...sumOf(archived),
      owner,
      slots: slice.slots,
      limits,
      now: now(),
      unused: unused(slice.granted, archived),
    });
    if (signal.aborted) return now();
    if (archived.some(({ interrupted }) => interrupted)) return new Date(now().getTime() + INTERRUPTED_MS);
    return leases.length < slice.granted ? archivals.nextRetryAt(host) : now();
  };
}

interface Work {
  readonly slots: number;
  readonly signal: AbortSignal;
  readonly keeper: SlotRenewal;
}

/** As many at a time as there are slots; after an abort what was not begun is given back. */
async function archiveAll(
  leases: readonly Lease[],
  { slots, signal, keeper }: Work,
  edges: HostBatchDeps,
): Promise<FetchCost[]> {
  const waiting = byUrl(leases);
  const archived: FetchCost[] = [];
  const work = async () => {
    while (!signal.aborted) {
      const same = waiting.shift();
      if (!same) break;
      archived.push(await edges.archive(same, signal));
    }
    keeper.free();
  };
  await Promise.all(Array.from({ length: slots }, work));
  if (waiting.length > 0) await edges.archivals.release(waiting.flat());
  return archived;
}

function byUrl(leases: readonly Lease[]): Lease[][] {
  const groups = new Map<string, Lease[]>();
  for (const lease of leases) {
    const { url } = lease.archival;
    const group = groups.get(url);
    if (group) group.push(lease);
    else groups.set(url, [lease]);
  }
  return [...groups.values()];
}

function unused(granted: number, archived: readonly FetchCost[]): number {
  return Math.max(0, granted - archived.reduce((sum, { requests }) => sum + requests, 0));
}

function sumOf(archived: readonly FetchCost[]) {
  const asked = archived.filter(({ host }) => host !== 'unasked');
  const total = (pick: (one: FetchCost) => number) => asked.reduce((sum, one) => sum + pick(one), 0);
  const waits = archived.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    bytes: total(({ bytes }) => bytes),
    responseMs: asked.length === 0 ? 0 : total(({ ms }) => ms) / asked.length,
    retryAfterMs: waits.length === 0 ? null : Math.max(...waits),
    deadCount: asked.filter(({ host }) => host === 'dead').length,
    aliveCount: asked.filter(({ host }) => host === 'alive').length,
  };
}
