import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { hostReport } from '../decide/hostReport.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import { messageOf } from '../errors.ts';
import type { Lease } from '../model/archival.ts';
import type { FetchCost, HostLimits, HostSlice } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { FreshCopies } from './freshCopies.ts';
import type { LanePlace, LanePlaces } from './lanePlaces.ts';
import type { ClosedGate } from './serviceGate.ts';
import type { HostSlots } from './sitedHosts.ts';
import { type Archiving, byUrl, untilAnswered } from './slice/answers.ts';
import { KeptHosts } from './slice/keptHosts.ts';
import { SlotRenewal } from './slotRenewal.ts';

/** What a host's share of a sweep reads, writes and calls. */
export interface HostBatchDeps {
  readonly archivals: Pick<Archivals, 'leaseDue' | 'release' | 'nextRetryAt' | 'explainDue'>;
  /** What is still fresh is not asked for. */
  readonly fresh: Pick<FreshCopies, 'advance' | 'leased'>;
  readonly hosts: HostSlots;
  readonly places: Pick<LanePlaces, 'enter' | 'learn' | 'patienceOf'>;
  limitsFor(host: string): HostLimits;
  /**
   * Of resources that share a URL. Never rejects: an archival that cannot go on gives its lease back itself. `onAnswered`:
   * nobody is asked for them any more, they are only to be recorded.
   */
  archive(leases: readonly Lease[], signal: AbortSignal, onAnswered: (cost: FetchCost) => void): Promise<FetchCost>;
  /** null: the bulk lane may go on; else how long it pauses, and why, for everybody to read. */
  pause(): Promise<ClosedGate | null>;
  /** Names this process in its leases. */
  readonly owner: string;
  /** A dead worker's resources and slots are free again after this; a living one renews three times as often. */
  readonly leaseMs: number;
  readonly largestSlice: number;
  /** A job waits so long for its slice to end before it leaves the queue's place to another host. */
  readonly patienceMs: number;
  /** So many hosts at most are kept while their rate holds them up for a moment; others go back to the queue. */
  readonly mostKept: number;
  /** These are about to be described. */
  readAhead(leases: readonly Lease[]): void;
  /** The job of a host starts at this moment. */
  requeue(host: string, at: Date): Promise<void>;
  /** Slots of the host became free. */
  onFreed(host: string): void;
  now(): Date;
  readonly logger: Pick<Logger, 'warn'>;
}

/** What ends a slice: `closing` lets what was begun end. */
interface Ends {
  readonly signal: AbortSignal;
  readonly closing: AbortSignal;
}

interface OwnSlice {
  readonly host: string;
  /** Names this slice among all slices of the host. */
  readonly owner: string;
  readonly limits: HostLimits;
  readonly slice: HostSlice;
  /** When it fires nothing new begins. */
  readonly closing: AbortSignal;
  readonly place: LanePlace;
  /** Fires when the place counts as slow. */
  readonly slow: AbortSignal;
}

/** A service of ours failed: that long until the next try. */
const INTERRUPTED_MS = 5000;
/** Others have the slots of the host, its address or domain; who has them calls its job when they are free. */
const BUSY: ReadonlySet<HostSlice['reason']> = new Set(['concurrency', 'address', 'domain']);
const BUSY_MS = 5000;
/** What goes on without its job calls it when it ends; should this process die, the job comes by itself. */
const GOES_ON_MS = 15_000;
/** Between two shares of a host that its rate holds up: shares of many hosts come together meanwhile. */
const GATHERING_MS = 100;

/**
 * One host's share of a sweep: takes a slice of the host's budget, leases so many due resources, asks for them as many
 * at a time as the host allows, gives back what was not used. What was answered is recorded while the next is asked for.
 */
export class HostBatch {
  readonly #deps: HostBatchDeps;
  /** By host: slices that wait for a place or are being worked on here, or that it is kept for. */
  readonly #running = new Map<string, Promise<Date | null>>();
  readonly #kept: KeptHosts;

  constructor(deps: HostBatchDeps) {
    this.#deps = deps;
    this.#kept = new KeptHosts({ most: deps.mostKept, now: () => deps.now() });
  }

  /**
   * Answers when to run again: immediately while something is due, then for the retries; null when nothing waits. A slice
   * that takes long goes on without its job, and calls it when it ends. After an abort what was not begun is given back,
   * and so it is once `closing` fires, while the rest ends.
   */
  async run(host: string, signal: AbortSignal, closing = signal): Promise<Date | null> {
    if (this.#running.has(host)) return this.#after(GOES_ON_MS);
    const closed = await this.#deps.pause();
    if (closed) return this.#pause(host, closed);
    const ends = { signal, closing };
    const ended = this.#start(host, () => this.#takeSlice(host, ends));
    const leaves = new AbortController();
    const { places, patienceMs } = this.#deps;
    const patience = places.patienceOf(patienceMs);
    const left = wait(patience, 'left' as const, { signal: leaves.signal }).catch(() => 'left' as const);
    const first = await Promise.race([ended, left]).finally(() => leaves.abort());
    if (first !== 'left' && (closing.aborted || !this.#kept.mayKeep(first))) return first;
    const keep = (at: Date) => this.#start(host, () => this.#kept.keep(at, () => this.#nextSlice(host, ends), closing));
    const goesOn = first === 'left' ? ended : keep(first);
    this.#callBack(host, goesOn, closing);
    return this.#after(GOES_ON_MS);
  }

  /** Waits for slices that go on without their jobs; their signal ends them. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#running.values()]);
  }

  #start(host: string, work: () => Promise<Date | null>): Promise<Date | null> {
    const ended = work().finally(() => this.#running.delete(host));
    this.#running.set(host, ended);
    return ended;
  }

  /** Of a host that is kept. */
  async #nextSlice(host: string, ends: Ends): Promise<Date | null> {
    const closed = await this.#deps.pause();
    return closed ? this.#pause(host, closed) : this.#takeSlice(host, ends);
  }

  /** A queue that closes takes nothing more: the job comes by itself, to a worker that goes on. */
  #callBack(host: string, ended: Promise<Date | null>, closing: AbortSignal): void {
    const { requeue, logger } = this.#deps;
    const calledBack = ended.then((at) => (at === null || closing.aborted ? undefined : requeue(host, at)));
    calledBack.catch((error: unknown) => logger.warn({ host, error: messageOf(error) }, 'a slice of a host failed'));
  }

  async #takeSlice(host: string, ends: Ends): Promise<Date | null> {
    const { archivals, fresh, places, now } = this.#deps;
    if (!(await fresh.advance(host, ends.closing))) return archivals.nextRetryAt(host);
    const slow = new AbortController();
    const place = await places.enter({ host, group: '', onSlow: () => slow.abort() }, ends.closing).catch(() => null);
    if (!place) return now();
    try {
      return await this.#takeSliceIn(host, { place, slow: slow.signal }, ends);
    } finally {
      place.leave();
    }
  }

  async #takeSliceIn(
    host: string,
    held: Pick<OwnSlice, 'place' | 'slow'>,
    { signal, closing }: Ends,
  ): Promise<Date | null> {
    const { limitsFor, hosts, owner: process, largestSlice, leaseMs, now } = this.#deps;
    const limits = limitsFor(host);
    const owner = `${process} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, { owner, requested: largestSlice, limits, leaseMs, now: now() });
    if (slice.granted > 0) return this.#runSlice({ host, owner, limits, slice, closing, ...held }, signal);
    return BUSY.has(slice.reason) ? this.#after(BUSY_MS) : slice.retryAt;
  }

  /** Nobody is asked, and those whose turn it was say what they wait for. */
  async #pause(host: string, { reason, ms }: ClosedGate): Promise<Date> {
    const { archivals, largestSlice: limit, now } = this.#deps;
    // A database that does not take it is told by its own check.
    await archivals.explainDue(host, { reason: waitReason(reason), now: now(), limit }).catch(() => undefined);
    return this.#after(ms);
  }

  async #runSlice(own: OwnSlice, signal: AbortSignal): Promise<Date | null> {
    const { archivals, fresh, readAhead, owner, leaseMs, now } = this.#deps;
    const { granted } = own.slice;
    const takenAt = now();
    const leases = await archivals.leaseDue(own.host, { owner, leaseMs, now: now(), limit: granted });
    readAhead(leases);
    fresh.leased(own.host, leases.length < granted ? 'all' : leases.length);
    const costs = await Promise.all(await this.#archiveWithSlots(leases, own, signal));
    if (signal.aborted || own.closing.aborted) return now();
    if (costs.some(({ interrupted }) => interrupted)) return this.#after(INTERRUPTED_MS);
    return leases.length < granted ? archivals.nextRetryAt(own.host) : this.#nextShareAt(own, takenAt);
  }

  /** A slice that took all that the host's rate allowed is followed by another when it allows one more request. */
  #nextShareAt({ slice, limits }: OwnSlice, takenAt: Date): Date {
    const { largestSlice, now } = this.#deps;
    if (slice.granted >= largestSlice) return now();
    const nextMs = takenAt.getTime() + 1000 / limits.requestsPerSecond;
    return new Date(Math.max(nextMs, now().getTime() + GATHERING_MS));
  }

  /** The slots are free again when the host has answered; what is answered is still being recorded. */
  async #archiveWithSlots(leases: readonly Lease[], own: OwnSlice, signal: AbortSignal): Promise<Promise<FetchCost>[]> {
    const { hosts, leaseMs, onFreed, now } = this.#deps;
    const { host, owner, limits, slice } = own;
    const onSlow = () => void hosts.slowSlots(host, { owner, slots: slice.slots });
    if (own.slow.aborted) onSlow();
    own.slow.addEventListener('abort', onSlow, { once: true });
    const renew = (slots: number) => hosts.renewSlots(host, { owner, slots, leaseMs });
    const renewal = new SlotRenewal(renew, { slots: slice.slots, leaseMs });
    const archiving = await this.#archiveAll(leases, own, renewal, signal);
    renewal.stop();
    const costs = archiving.map(({ answered }) => answered);
    const usage = hostReport(costs, slice.granted, { urgent: false });
    await hosts.releaseSlots(host, { ...usage, owner, slots: slice.slots, limits, now: now() });
    onFreed(host);
    return archiving.map(({ recorded }) => recorded);
  }

  /** As many at a time as there are slots. */
  async #archiveAll(
    leases: readonly Lease[],
    { host, slice, place, closing }: OwnSlice,
    renewal: SlotRenewal,
    signal: AbortSignal,
  ): Promise<Archiving[]> {
    const { archive, places } = this.#deps;
    const waiting = byUrl(leases);
    const archiving: Archiving[] = [];
    const ask = async () => {
      while (!signal.aborted && !closing.aborted) {
        const same = waiting.shift();
        if (!same) break;
        const one = await untilAnswered((onAnswered) => archive(same, signal, onAnswered));
        places.learn(host, one.answered);
        place.progressed();
        archiving.push(one);
      }
      renewal.free();
    };
    await Promise.all(Array.from({ length: slice.slots }, ask));
    if (waiting.length > 0) await this.#deps.archivals.release(waiting.flat());
    return archiving;
  }

  #after(ms: number): Date {
    return new Date(this.#deps.now().getTime() + ms);
  }
}
