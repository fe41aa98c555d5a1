import { randomUUID } from 'node:crypto';
import type { Lease } from '../model/archival.ts';
import type { HostLimits, HostTable } from '../record/Hosts.ts';
import type { ArchivalTable } from '../record/Records.ts';

export interface BatchEdges {
  readonly archivals: Pick<ArchivalTable, 'leaseDue' | 'release'>;
  readonly hosts: Pick<HostTable, 'takeSlice' | 'renewSlots' | 'giveBack'>;
  limitsFor(host: string): HostLimits;
  /** Never rejects: an archival that cannot go on gives its lease back itself. */
  archive(lease: Lease, signal: AbortSignal): Promise<Archived>;
  /** null: the bulk lane may go on; else how long it pauses (disk or memory). */
  pauseMs(): Promise<number | null>;
  readonly owner: string;
  readonly leaseMs: number;
  readonly largestSlice: number;
  now(): Date;
}

/** What one archival cost its host. */
export interface Archived {
  readonly requests: number;
  readonly bytes: number;
  readonly ms: number;
  readonly retryAfterMs: number | null;
  /** `dead`: no connection; `alive`: any answer; `unasked`: no request was made. */
  readonly host: 'dead' | 'alive' | 'unasked';
}

/** A dead worker's slots are free again after this; a living one says so three times as often. */
const SLOT_MS = 30_000;

/**
 * One host's share of a sweep: takes a slice of the host's budget, leases so many due resources, archives them as many
 * at a time as the host allows, gives back what was not used. Answers when to come again; null when nothing is due.
 */
export function createHostBatch(edges: BatchEdges): (host: string, signal: AbortSignal) => Promise<Date | null> {
  const { archivals, hosts, now } = edges;

  return async (host, signal) => {
    const pauseMs = await edges.pauseMs();
    if (pauseMs !== null) return new Date(now().getTime() + pauseMs);
    const limits = edges.limitsFor(host);
    const owner = `${edges.owner} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, {
      owner,
      want: edges.largestSlice,
      limits,
      leaseMs: SLOT_MS,
      now: now(),
    });
    if (slice.granted === 0) return slice.retryAt;
    const leases = await archivals.leaseDue(host, {
      owner: edges.owner,
      leaseMs: edges.leaseMs,
      now: now(),
      limit: slice.granted,
    });
    const renewal = setInterval(() => void hosts.renewSlots(host, owner, SLOT_MS).catch(() => undefined), SLOT_MS / 3);
    const archived = await archiveAll(leases, slice.slots, signal, edges).finally(() => clearInterval(renewal));
    await hosts.giveBack(host, {
      ...sumOf(archived),
      owner,
      slots: slice.slots,
      limits,
      now: now(),
      unused: unused(slice.granted, archived),
    });
    return leases.length < slice.granted ? null : now();
  };
}

/** As many at a time as there are slots; after an abort what was not begun is given back. */
async function archiveAll(
  leases: readonly Lease[],
  slots: number,
  signal: AbortSignal,
  edges: BatchEdges,
): Promise<Archived[]> {
  const waiting = [...leases];
  const archived: Archived[] = [];
  const work = async () => {
    while (!signal.aborted) {
      const lease = waiting.shift();
      if (!lease) return;
      archived.push(await edges.archive(lease, signal));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, slots) }, work));
  if (waiting.length > 0) await edges.archivals.release(waiting);
  return archived;
}

function unused(granted: number, archived: readonly Archived[]): number {
  return Math.max(0, granted - archived.reduce((sum, { requests }) => sum + requests, 0));
}

function sumOf(archived: readonly Archived[]) {
  const asked = archived.filter(({ host }) => host !== 'unasked');
  const total = (pick: (one: Archived) => number) => asked.reduce((sum, one) => sum + pick(one), 0);
  const waits = archived.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    bytes: total(({ bytes }) => bytes),
    responseMs: asked.length === 0 ? 0 : total(({ ms }) => ms) / asked.length,
    retryAfterMs: waits.length === 0 ? null : Math.max(...waits),
    deadCount: asked.filter(({ host }) => host === 'dead').length,
    aliveCount: asked.filter(({ host }) => host === 'alive').length,
  };
}
