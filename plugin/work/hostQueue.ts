import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { NO_REQUEST } from '../decide/fetchCost.ts';
import { isBusy } from '../decide/hostBudget.ts';
import { hostReport } from '../decide/hostReport.ts';
import { messageOf } from '../errors.ts';
import { Renewal } from '../lease/renewal.ts';
import type { FetchCost, HostLimits, HostSlice } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { LanePlaces } from './lanePlaces.ts';
import type { HostSlots } from './sitedHosts.ts';

/** What interactive requests take places from, and who waits for them. */
export interface HostQueueDeps {
  readonly hosts: HostSlots;
  readonly places: Pick<LanePlaces, 'enter' | 'learn' | 'patienceOf'>;
  limitsFor(host: string): HostLimits;
  /** The archival that waits longest for this host, in the turns of its dataset; null: none. */
  next(host: string): Promise<WaitingArchival | null>;
  /** Names this process in its leases. */
  readonly owner: string;
  /** A dead worker's slots are free again after this; a living one renews three times as often. */
  readonly leaseMs: number;
  /** A job waits so long for its archival to end before it leaves the queue's place to another. */
  readonly patienceMs: number;
  now(): Date;
  readonly logger: Logger;
}

/** An archival for which a place is wanted. */
export interface WaitingArchival {
  archive(): Promise<FetchCost>;
  /** Its dataset: who has few places enters before who has many. */
  readonly group: string;
}

interface HeldSlot {
  /** Names this slot among all slices of the host. */
  readonly owner: string;
  readonly limits: HostLimits;
  readonly granted: number;
}

/** A host that was found busy, or whose address or domain was. Moments are those of `performance.now()`. */
interface BusyHost {
  /** Nobody asks before whether it still is, unless a slot of this process becomes free. */
  readonly fullUntil: number;
  /** Jobs that were sent away since. */
  readonly sentAway: number;
  /** When a slot of this process became free last: who was refused before has to ask again. */
  readonly freedAt: number;
}

const NEVER: BusyHost = { fullUntil: 0, sentAway: 0, freedAt: Number.NEGATIVE_INFINITY };

const FULL_MS = 1000;
/** Who was sent away is called when a slot frees; should the one that holds it die, the first comes by itself after this … */
const COME_BACK_MS = 10_000;
/** … and the others so long after one another. */
const APART_MS = 250;
const LONGEST_BACK_MS = 600_000;
const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 50;
const MAX_BUSY_HOSTS = 10_000;

/**
 * Where interactive requests get a place at their host. They do not wait for its rate, for somebody waits for them, but
 * never more are under way than the host allows, in all processes together. Nobody waits here for a busy host: its job
 * leaves, and the one that gives a slot back goes on with the next that waits.
 */
export class HostQueue {
  readonly #deps: HostQueueDeps;
  readonly #busy = new Map<string, BusyHost>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();

  constructor(deps: HostQueueDeps) {
    this.#deps = deps;
    // Everybody who waits for a place of the lane listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /**
   * Resolves with null when `archive` has run, and rejects with what it threw. Else with the milliseconds after which to
   * look again: the host is busy, and what waits for it is taken up when a slot frees; or `archive` takes long, and goes
   * on here.
   */
  async run(host: string, wanted: WaitingArchival): Promise<number | null> {
    const slot = host === '' ? null : await this.#takeSlot(host);
    if (typeof slot === 'number') return slot;
    const ended = this.#archive(host, slot, wanted);
    this.#keep(
      ended.then(
        () => this.#drain(host),
        () => this.#drain(host),
      ),
    );
    const leaves = new AbortController();
    const { places, patienceMs } = this.#deps;
    const patience = places.patienceOf(patienceMs);
    const left = wait(patience, 'left' as const, { signal: leaves.signal }).catch(() => 'left' as const);
    const first = await Promise.race([ended, left]).finally(() => leaves.abort());
    if (first !== 'left') return null;
    ended.catch((error: unknown) => this.#deps.logger.warn({ host, error: messageOf(error) }, 'archival interrupted'));
    return COME_BACK_MS;
  }

  /** A slot of the host became free elsewhere: who waits for it is taken up. */
  wake(host: string): void {
    this.#keep(this.#drain(host));
  }

  /** What runs goes on until its own signal ends it; nothing new begins. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([...this.#running]);
  }

  #keep(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work)).catch(() => undefined);
  }

  /** One after the other, until nobody waits or somebody else has the slots. Never rejects. */
  async #drain(host: string): Promise<void> {
    try {
      while (host !== '' && !this.#stopping.signal.aborted) {
        // Each time a slot is free again: while the one before was under way the host may have been found busy.
        this.#note(host, { ...NEVER, freedAt: performance.now() });
        const wanted = await this.#deps.next(host);
        if (!wanted) return;
        const slot = await this.#takeSlot(host);
        if (typeof slot === 'number') return;
        await this.#archive(host, slot, wanted);
      }
    } catch (error) {
      // Jobs come back for them.
      if (!this.#stopping.signal.aborted)
        this.#deps.logger.warn({ host, error: messageOf(error) }, 'who waits for a host could not be taken up');
    }
  }

  /** A number: busy, come again after so many milliseconds; who gives a slot back takes it up before. */
  async #takeSlot(host: string): Promise<HeldSlot | number> {
    const askedAt = performance.now();
    const busy = this.#busyOf(host);
    if (busy.fullUntil > askedAt) return this.#sendAway(host, busy);
    const { hosts, limitsFor, leaseMs, now } = this.#deps;
    const limits = limitsFor(host);
    const owner = `${this.#deps.owner} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, { owner, requested: 1, limits, leaseMs, now: now(), urgent: true });
    if (slice.slots > 0) return { owner, limits, granted: slice.granted };
    if (!isBusy(slice)) return this.#pauseOf(slice);
    // Who gave a slot back meanwhile has gone on already, and calls nobody any more.
    if (this.#busyOf(host).freedAt >= askedAt) return this.#takeSlot(host);
    return this.#sendAway(host, { ...this.#busyOf(host), fullUntil: performance.now() + FULL_MS });
  }

  /** A host that asked to be left alone is left alone, for a minute at most at a time. */
  #pauseOf({ retryAt }: HostSlice): number {
    const waitMs = (retryAt?.getTime() ?? 0) - this.#deps.now().getTime();
    return Math.min(Math.max(waitMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  }

  #sendAway(host: string, busy: BusyHost): number {
    this.#note(host, { ...busy, sentAway: busy.sentAway + 1 });
    return Math.min(COME_BACK_MS + busy.sentAway * APART_MS, LONGEST_BACK_MS);
  }

  #busyOf(host: string): BusyHost {
    return this.#busy.get(host) ?? NEVER;
  }

  #note(host: string, busy: BusyHost): void {
    this.#busy.delete(host);
    this.#busy.set(host, busy);
    const [oldest] = this.#busy.keys();
    if (this.#busy.size > MAX_BUSY_HOSTS && oldest !== undefined) this.#busy.delete(oldest);
  }

  /** Rejects with what `archive` threw, after the slot was given back. */
  async #archive(host: string, slot: HeldSlot | null, { archive, group }: WaitingArchival): Promise<void> {
    const { hosts, places, leaseMs } = this.#deps;
    const renewal =
      slot && new Renewal(leaseMs, () => hosts.renewSlots(host, { owner: slot.owner, slots: 1, leaseMs }));
    let cost = NO_REQUEST;
    try {
      const onSlow = () => void (slot && hosts.slowSlots(host, { owner: slot.owner, slots: 1 }));
      const place = await places.enter({ host, group, onSlow }, this.#stopping.signal);
      try {
        cost = await archive();
        places.learn(host, cost);
      } finally {
        place.leave();
      }
    } finally {
      renewal?.stop();
      if (slot) await this.#releaseSlot(host, slot, cost);
    }
  }

  async #releaseSlot(host: string, { owner, limits, granted }: HeldSlot, cost: FetchCost): Promise<void> {
    const { hosts, now, logger } = this.#deps;
    const usage = hostReport([cost], granted, { urgent: true });
    // A slot that cannot be given back now is free again when its lease ends.
    await hosts.releaseSlots(host, { ...usage, owner, slots: 1, limits, now: now() }).catch((error: unknown) => {
      logger.warn({ host, error: messageOf(error) }, 'a slot of a host could not be given back');
    });
  }
}
