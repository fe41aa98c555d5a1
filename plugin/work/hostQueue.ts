import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { hostReport } from '../decide/hostReport.ts';
import { messageOf } from '../errors.ts';
import type { FetchCost, HostLimits, HostSlice } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Hosts } from '../record/Hosts.ts';
import { Renewal } from './renewal.ts';

/** What the queue of interactive requests reads and writes. */
export interface HostQueueDeps {
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'releaseSlots'>;
  limitsFor(host: string): HostLimits;
  /** Names this process in its leases. */
  readonly owner: string;
  /** Archivals under way in this process, whatever their hosts. */
  readonly concurrency: number;
  /** A dead worker's slots are free again after this; a living one renews three times as often. */
  readonly leaseMs: number;
  now(): Date;
  readonly logger: Logger;
}

interface Waiting {
  archive(): Promise<FetchCost>;
  /** null: it has run; else how long its host must be left alone. */
  done(busyMs: number | null): void;
  failed(error: unknown): void;
  readonly queueTimeout?: NodeJS.Timeout;
}

interface HeldSlot {
  /** Names this slot among all slices of the host. */
  readonly owner: string;
  readonly limits: HostLimits;
  readonly granted: number;
}

/** A host for which somebody waits, or at which this process works. */
interface PendingHost {
  readonly waiting: Waiting[];
  /** Slots of the host that this process holds. */
  active: number;
  /** Slots are being taken until nobody waits. */
  isDraining: boolean;
}

const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 200;
/** After that long in the queue an archival leaves its place to other hosts and is queued again. */
const QUEUE_TIMEOUT_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Where interactive requests wait for their host. They do not wait for its rate, for somebody waits for them, but never
 * more are under way than the host allows, in all processes together; one slow host holds up itself alone, and one slow
 * file only its own slot.
 */
export class HostQueue {
  readonly #deps: HostQueueDeps;
  readonly #pending = new Map<string, PendingHost>();
  readonly #blocked: (() => void)[] = [];
  #active = 0;

  constructor(deps: HostQueueDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with null when `archive` has run, and rejects with what it threw. For a host that cannot be asked soon it
   * resolves with the milliseconds after which to try again, 0 when that is not known.
   */
  run(host: string, archive: () => Promise<FetchCost>): Promise<number | null> {
    return new Promise((done, failed) => {
      // A text that is no URL has no host to be polite to.
      if (host === '') return void this.#archive({ archive, done, failed });
      const pending = this.#pending.get(host) ?? { waiting: [], active: 0, isDraining: false };
      const queueTimeout = setTimeout(() => leave(pending, waiting), QUEUE_TIMEOUT_MS);
      const waiting: Waiting = { archive, done, failed, queueTimeout };
      pending.waiting.push(waiting);
      this.#pending.set(host, pending);
      if (!pending.isDraining) void this.#drain(host, pending);
    });
  }

  /** Takes slots of the host until nobody waits for it. */
  async #drain(host: string, pending: PendingHost): Promise<void> {
    pending.isDraining = true;
    while (pending.waiting.length > 0) {
      try {
        const waitMs = await this.#takeSlot(host, pending);
        if (waitMs > 0) await wait(waitMs);
      } catch (error) {
        this.#deps.logger.warn({ host, error: messageOf(error) }, 'the limits of a host could not be asked for');
        failAll(pending, error);
      }
    }
    pending.isDraining = false;
    this.#dropIdle(host, pending);
  }

  /** Answers how long to wait before the next try; slots that are held already serve who waits meanwhile. */
  async #takeSlot(host: string, pending: PendingHost): Promise<number> {
    const { hosts, limitsFor, leaseMs, now } = this.#deps;
    const limits = limitsFor(host);
    const owner = `${this.#deps.owner} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, { owner, requested: 1, limits, leaseMs, now: now(), urgent: true });
    if (slice.slots > 0) {
      void this.#useSlot(host, pending, { owner, limits, granted: slice.granted });
      return 0;
    }
    return this.#waitFor(slice, pending);
  }

  /** A host that asked to be left alone for longer sends everybody away; a busy one is asked again soon. */
  #waitFor({ reason, retryAt }: HostSlice, pending: PendingHost): number {
    const waitMs = retryAt ? retryAt.getTime() - this.#deps.now().getTime() : LONGEST_WAIT_MS;
    if (reason === 'concurrency' || waitMs <= QUEUE_TIMEOUT_MS)
      return Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    for (const waiting of [...pending.waiting]) leave(pending, waiting, Math.min(waitMs, LONGEST_PAUSE_MS));
    return 0;
  }

  /** One slot of the host, for one archival after the other until nobody waits. */
  async #useSlot(host: string, pending: PendingHost, slot: HeldSlot): Promise<void> {
    const { hosts, leaseMs } = this.#deps;
    pending.active += 1;
    const renewal = new Renewal(leaseMs, () => hosts.renewSlots(host, { owner: slot.owner, slots: 1, leaseMs }));
    const costs: FetchCost[] = [];
    for (let next = pending.waiting.shift(); next; next = pending.waiting.shift()) {
      const cost = await this.#archive(next);
      if (cost) costs.push(cost);
    }
    renewal.stop();
    pending.active -= 1;
    this.#dropIdle(host, pending);
    await this.#releaseSlot(host, slot, costs);
  }

  async #releaseSlot(host: string, { owner, limits, granted }: HeldSlot, costs: readonly FetchCost[]): Promise<void> {
    const { hosts, now, logger } = this.#deps;
    const usage = hostReport(costs, granted, { urgent: true });
    // A slot that cannot be given back now is free again when its lease ends.
    await hosts.releaseSlots(host, { ...usage, owner, slots: 1, limits, now: now() }).catch((error: unknown) => {
      logger.warn({ host, error: messageOf(error) }, 'a slot of a host could not be given back');
    });
  }

  #dropIdle(host: string, pending: PendingHost): void {
    const isIdle = pending.waiting.length === 0 && pending.active === 0 && !pending.isDraining;
    if (isIdle && this.#pending.get(host) === pending) this.#pending.delete(host);
  }

  async #archive({ archive, done, failed, queueTimeout }: Waiting): Promise<FetchCost | null> {
    clearTimeout(queueTimeout);
    await this.#enter();
    try {
      const cost = await archive();
      done(null);
      return cost;
    } catch (error) {
      failed(error);
      return null;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active >= this.#deps.concurrency) await new Promise<void>((resolve) => this.#blocked.push(resolve));
    else this.#active += 1;
  }

  /** The place goes straight to the next one, so that nobody slips in between. */
  #leave(): void {
    const next = this.#blocked.shift();
    if (next) next();
    else this.#active -= 1;
  }
}

/** Nothing happens to an archival that has left the queue: it runs already. */
function leave({ waiting: queue }: PendingHost, waiting: Waiting, busyMs = 0): void {
  const place = queue.indexOf(waiting);
  if (place === -1) return;
  queue.splice(place, 1);
  clearTimeout(waiting.queueTimeout);
  waiting.done(busyMs);
}

function failAll({ waiting }: PendingHost, error: unknown): void {
  for (const { failed, queueTimeout } of waiting.splice(0)) {
    clearTimeout(queueTimeout);
    failed(error);
  }
}
