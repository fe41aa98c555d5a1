import { randomUUID } from 'node:crypto';
import { hostReport } from '../decide/hostReport.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import type { Lease } from '../model/archival.ts';
import type { FetchCost, HostLimits, HostSlice } from '../model/host.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { Hosts } from '../record/Hosts.ts';
import type { ClosedGate } from './serviceGate.ts';
import { SlotRenewal } from './slotRenewal.ts';

/** What a host's share of a sweep reads, writes and calls. */
export interface HostBatchDeps {
  readonly archivals: Pick<Archivals, 'leaseDue' | 'release' | 'nextRetryAt' | 'explainDue'>;
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'releaseSlots'>;
  limitsFor(host: string): HostLimits;
  /** Of resources that share a URL. Never rejects: an archival that cannot go on gives its lease back itself. */
  archive(leases: readonly Lease[], signal: AbortSignal): Promise<FetchCost>;
  /** null: the bulk lane may go on; else how long it pauses, and why, for everybody to read. */
  pause(): Promise<ClosedGate | null>;
  /** Names this process in its leases. */
  readonly owner: string;
  /** A dead worker's resources and slots are free again after this; a living one renews three times as often. */
  readonly leaseMs: number;
  readonly largestSlice: number;
  now(): Date;
}

interface OwnSlice {
  readonly host: string;
  /** Names this slice among all slices of the host. */
  readonly owner: string;
  readonly limits: HostLimits;
  readonly slice: HostSlice;
  /** When it fires nothing new begins. */
  readonly closing: AbortSignal;
}

/** A service of ours failed: that long until the next try. */
const INTERRUPTED_MS = 5000;

/**
 * One host's share of a sweep: takes a slice of the host's budget, leases so many due resources, archives them as many
 * at a time as the host allows, gives back what was not used.
 */
export class HostBatch {
  readonly #deps: HostBatchDeps;

  constructor(deps: HostBatchDeps) {
    this.#deps = deps;
  }

  /**
   * Answers when to run again: immediately while something is due, then for the retries; null when nothing waits. After
   * an abort what was not begun is given back, and so it is once `closing` fires, while the rest ends.
   */
  async run(host: string, signal: AbortSignal, closing = signal): Promise<Date | null> {
    const { pause, limitsFor, hosts, owner: process, largestSlice, leaseMs, now } = this.#deps;
    const closed = await pause();
    if (closed) return this.#pause(host, closed);
    const limits = limitsFor(host);
    const owner = `${process} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, { owner, requested: largestSlice, limits, leaseMs, now: now() });
    return slice.granted === 0 ? slice.retryAt : this.#runSlice({ host, owner, limits, slice, closing }, signal);
  }

  /** Nobody is asked, and those whose turn it was say what they wait for. */
  async #pause(host: string, { reason, ms }: ClosedGate): Promise<Date> {
    const { archivals, largestSlice: limit, now } = this.#deps;
    // A database that does not take it is told by its own check.
    await archivals.explainDue(host, { reason: waitReason(reason), now: now(), limit }).catch(() => undefined);
    return this.#after(ms);
  }

  async #runSlice(own: OwnSlice, signal: AbortSignal): Promise<Date | null> {
    const { archivals, owner, leaseMs, now } = this.#deps;
    const { granted } = own.slice;
    const leases = await archivals.leaseDue(own.host, { owner, leaseMs, now: now(), limit: granted });
    const costs = await this.#archiveWithSlots(leases, own, signal);
    if (signal.aborted || own.closing.aborted) return now();
    if (costs.some(({ interrupted }) => interrupted)) return this.#after(INTERRUPTED_MS);
    return leases.length < granted ? archivals.nextRetryAt(own.host) : now();
  }

  async #archiveWithSlots(leases: readonly Lease[], own: OwnSlice, signal: AbortSignal): Promise<FetchCost[]> {
    const { hosts, leaseMs, now } = this.#deps;
    const { host, owner, limits, slice } = own;
    const renew = (slots: number) => hosts.renewSlots(host, { owner, slots, leaseMs });
    const renewal = new SlotRenewal(renew, { slots: slice.slots, leaseMs });
    const costs = await this.#archiveAll(leases, own, renewal, signal);
    renewal.stop();
    const usage = hostReport(costs, slice.granted, { urgent: false });
    await hosts.releaseSlots(host, { ...usage, owner, slots: slice.slots, limits, now: now() });
    return costs;
  }

  /** As many at a time as there are slots. */
  async #archiveAll(
    leases: readonly Lease[],
    { slice: { slots }, closing }: OwnSlice,
    renewal: SlotRenewal,
    signal: AbortSignal,
  ): Promise<FetchCost[]> {
    const waiting = byUrl(leases);
    const costs: FetchCost[] = [];
    const work = async () => {
      while (!signal.aborted && !closing.aborted) {
        const same = waiting.shift();
        if (!same) break;
        costs.push(await this.#deps.archive(same, signal));
      }
      renewal.free();
    };
    await Promise.all(Array.from({ length: slots }, work));
    if (waiting.length > 0) await this.#deps.archivals.release(waiting.flat());
    return costs;
  }

  #after(ms: number): Date {
    return new Date(this.#deps.now().getTime() + ms);
  }
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
