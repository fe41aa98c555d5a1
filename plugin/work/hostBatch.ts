import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from '../decide/hostBudget.ts';
import { hostReport } from '../decide/hostReport.ts';
import { waitReason } from '../decide/pauseReasons.ts';
import { messageOf } from '../errors.ts';
import type { Lease } from '../model/archival.ts';
import type { FetchCost, HostLimits } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';
import type { FreshCopies } from './fresh/freshCopies.ts';
import type { LanePlaces } from './lanePlaces.ts';
import type { ClosedGate } from './serviceGate.ts';
import type { HostSlots } from './sitedHosts.ts';
import { askAll, type OwnSlice } from './slice/askAll.ts';
import { KeptHosts } from './slice/keptHosts.ts';
import { nextShareAt, shortShareMs } from './slice/shares.ts';
import { Unrecorded } from './slice/unrecorded.ts';
import { SlotRenewal } from './slotRenewal.ts';

/** What a host's share of a sweep reads, writes and calls. */
export interface HostBatchDeps {
  readonly archivals: Pick<Archivals, 'leaseDue' | 'release' | 'nextRetryAt' | 'explainDue'>;
  /** What is still fresh is not asked for. */
  readonly fresh: Pick<FreshCopies, 'advance' | 'leased'>;
  readonly hosts: HostSlots;
  readonly places: Pick<LanePlaces, 'enterAhead' | 'isCrowded' | 'learn' | 'patienceOf'>;
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
  /** So many hosts at most go on beside their jobs, because their rate makes their slices small; others go back to the queue. */
  readonly mostKept: number;
  /** So many resources at most are answered and not recorded yet. */
  readonly mostUnrecorded: number;
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
  /** The host's job brought it, and nothing was taken of its budget here a moment ago. */
  readonly isFirst?: boolean;
  /** The host's rate makes the slice small: its job need not wait for it. */
  onPart?(): void;
}

/** A service of ours failed: that long until the next try. */
const INTERRUPTED_MS = 5000;
/** Who has the slots calls its job when they are free. */
const BUSY_MS = 5000;
/** What goes on without its job calls it when it ends; should this process die, it comes by itself. */
const GOES_ON_MS = 15_000;
/** What was taken for a place that is not free after this is given back: others may have it. */
const AHEAD_MS = 5000;

/**
 * One host's share of a sweep: takes a slice of the host's budget, leases so many due resources, asks for them as many
 * at a time as the host allows, gives back what was not used. What was answered is recorded while the next is asked for.
 */
export class HostBatch {
  readonly #deps: HostBatchDeps;
  /** By host: slices that wait for a place or are being worked on here, or that it is kept for. */
  readonly #running = new Map<string, Promise<Date | null>>();
  readonly #kept: KeptHosts;
  readonly #unrecorded: Unrecorded;
  /** Slices that are only to be recorded. */
  #recording = 0;

  constructor(deps: HostBatchDeps) {
    this.#deps = deps;
    this.#kept = new KeptHosts({ most: deps.mostKept, now: () => deps.now() });
    this.#unrecorded = new Unrecorded(deps.mostUnrecorded);
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
    const { ended, first } = this.#begin(host, ends);
    const met = await first;
    if (met === 'slow') this.#callBack(host, ended, closing);
    else if (met !== 'part' && (closing.aborted || !this.#kept.mayKeep(met))) return met;
    else this.#callBack(host, this.#keep(host, met === 'part' ? ended : Promise.resolve(met), ends), closing);
    return this.#after(GOES_ON_MS);
  }

  /** `first`: when to run again, or why the job need not wait for that. */
  #begin(host: string, ends: Ends) {
    const { places, patienceMs } = this.#deps;
    let onPart = () => {};
    const part = new Promise<'part'>((resolve) => {
      onPart = () => {
        if (this.#kept.hasRoom) resolve('part');
      };
    });
    const ended = this.#start(host, this.#takeSlice(host, { ...ends, isFirst: true, onPart }));
    const leaves = new AbortController();
    const { signal } = leaves;
    const slow = wait(places.patienceOf(patienceMs), 'slow' as const, { signal }).catch(() => 'slow' as const);
    return { ended, first: Promise.race([ended, part, slow]).finally(() => leaves.abort()) };
  }

  /** Waits for slices that go on without their jobs; their signal ends them. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#running.values()]);
  }

  #start(host: string, work: Promise<Date | null>): Promise<Date | null> {
    const ended = work.finally(() => {
      if (this.#running.get(host) === ended) this.#running.delete(host);
    });
    this.#running.set(host, ended);
    return ended;
  }

  #keep(host: string, first: Promise<Date | null>, ends: Ends): Promise<Date | null> {
    return this.#start(
      host,
      this.#kept.keep(first, () => this.#nextSlice(host, ends), ends.closing),
    );
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
    const entry = { host, group: '', onSlow: () => slow.abort() };
    const place = await places.enterAhead(entry, ends.closing).catch(() => null);
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
    { signal, closing, isFirst = false, onPart }: Ends,
  ): Promise<Date | null> {
    const { limitsFor, hosts, places, owner: process, largestSlice, leaseMs, now } = this.#deps;
    const limits = limitsFor(host);
    const owner = `${process} ${randomUUID()}`;
    // One that cannot be kept would go back to the queue after one or two requests.
    const shareMs = places.isCrowded && (!isFirst || this.#kept.hasRoom) ? shortShareMs(isFirst) : undefined;
    const ask = { owner, requested: largestSlice, limits, shareMs, leaseMs, now: now() };
    const slice = await hosts.takeSlice(host, ask);
    const isPart = slice.granted < largestSlice;
    const part = { shareMs, takenAt: ask.now, onPart: () => isPart && onPart?.() };
    const own = { host, owner, limits, slice, closing, ...held, ...part };
    if (slice.granted > 0) return this.#runSlice(own, signal);
    return isBusy(slice) ? this.#after(BUSY_MS) : slice.retryAt;
  }

  /** Nobody is asked, and those whose turn it was say what they wait for. */
  async #pause(host: string, { reason, ms }: ClosedGate): Promise<Date> {
    const { archivals, largestSlice: limit, now } = this.#deps;
    // A database that does not take it is told by its own check.
    await archivals.explainDue(host, { reason: waitReason(reason), now: now(), limit }).catch(() => undefined);
    return this.#after(ms);
  }

  async #runSlice(own: OwnSlice, signal: AbortSignal): Promise<Date | null> {
    const { archivals, fresh, readAhead, owner, leaseMs, largestSlice, now } = this.#deps;
    const { granted } = own.slice;
    own.onPart();
    const leases = await archivals.leaseDue(own.host, { owner, leaseMs, now: now(), limit: granted });
    readAhead(leases);
    const left = fresh.leased(own.host, leases.length < granted ? 'all' : leases.length);
    const begins = await own.place.begin(own.closing, AHEAD_MS);
    const closing = begins ? own.closing : AbortSignal.abort();
    const costs = await this.#recorded(await this.#archiveWithSlots(leases, { ...own, closing }, signal), own);
    if (signal.aborted || own.closing.aborted) return now();
    if (!begins) return this.#after(BUSY_MS);
    if (costs.some(({ interrupted }) => interrupted)) return this.#after(INTERRUPTED_MS);
    if (leases.length < granted) return archivals.nextRetryAt(own.host);
    return granted >= largestSlice ? now() : nextShareAt({ ...own, ...own.slice, left }, now());
  }

  async #recorded(archiving: readonly Promise<FetchCost>[], own: OwnSlice): Promise<readonly FetchCost[]> {
    this.#recording += 1;
    own.onPart();
    return Promise.all(archiving).finally(() => {
      this.#recording -= 1;
    });
  }

  /** Place and slots are free again when the host has answered; what is answered is still being recorded, if that is not too much. */
  async #archiveWithSlots(leases: readonly Lease[], own: OwnSlice, signal: AbortSignal): Promise<Promise<FetchCost>[]> {
    const { hosts, leaseMs, onFreed, now } = this.#deps;
    const { host, owner, limits, slice } = own;
    const onSlow = () => void hosts.slowSlots(host, { owner, slots: slice.slots });
    if (own.slow.aborted) onSlow();
    own.slow.addEventListener('abort', onSlow, { once: true });
    const renew = (slots: number) => hosts.renewSlots(host, { owner, slots, leaseMs });
    const renewal = new SlotRenewal(renew, { slots: slice.slots, leaseMs });
    const archiving = await askAll(leases, own, renewal, { ...this.#deps, unrecorded: this.#unrecorded, signal });
    if (this.#recording < this.#deps.mostKept) own.place.leave();
    renewal.stop();
    const costs = archiving.map(({ answered }) => answered);
    const usage = hostReport(costs, slice.granted, { urgent: false });
    await hosts.releaseSlots(host, { ...usage, owner, slots: slice.slots, limits, now: now() });
    onFreed(host);
    return archiving.map(({ recorded }) => recorded);
  }

  #after(ms: number): Date {
    return new Date(this.#deps.now().getTime() + ms);
  }
}
