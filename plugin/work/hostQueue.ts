import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { HostLimits } from '../model/host.ts';
import type { Logger } from '../model/logger.ts';
import type { Hosts } from '../record/Hosts.ts';
import type { FetchCost } from './hostBatch.ts';

export interface HostQueueDeps {
  readonly hosts: Pick<Hosts, 'takeSlice' | 'renewSlots' | 'releaseSlots'>;
  limitsFor(host: string): HostLimits;
  readonly owner: string;
  /** Archivals at once in this process, whatever their hosts. */
  readonly concurrency: number;
  /** A dead worker's slots are free again after this; a living one says so three times as often. */
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

interface Place {
  readonly owner: string;
  readonly limits: HostLimits;
  readonly granted: number;
}

/** Of one host: who waits, and how many are at work on it here. */
interface PendingHost {
  readonly waiting: Waiting[];
  active: number;
  isDraining: boolean;
}

const LONGEST_WAIT_MS = 200;
/** Whoever waits longer makes place for other hosts and comes again. */
const QUEUE_TIMEOUT_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Where requests of people wait for their host. They do not wait for its rate, for somebody is waiting for them, but
 * never more are under way than the host allows, in all processes together; one slow host holds up itself alone, and
 * one slow file only its own place.
 */
export class HostQueue {
  readonly #edges: HostQueueDeps;
  readonly #lines = new Map<string, PendingHost>();
  readonly #blocked: (() => void)[] = [];
  #active = 0;

  constructor(edges: HostQueueDeps) {
    this.#edges = edges;
  }

  /**
   * Resolves with null when `archive` has run, and rejects with what it threw. A host that cannot be asked soon holds
   * nobody up: then it resolves with the milliseconds after which to come again, 0 when nobody knows.
   */
  run(host: string, archive: () => Promise<FetchCost>): Promise<number | null> {
    return new Promise((done, failed) => {
      // A text that is no URL has no host to be polite to.
      if (host === '') return void this.#archive({ archive, done, failed });
      const line = this.#lines.get(host) ?? { waiting: [], active: 0, isDraining: false };
      const impatience = setTimeout(() => leave(line, waiting), QUEUE_TIMEOUT_MS);
      const waiting: Waiting = { archive, done, failed, queueTimeout: impatience };
      line.waiting.push(waiting);
      this.#lines.set(host, line);
      if (!line.isDraining) void this.#call(host, line);
    });
  }

  /** Calls for places at the host until nobody waits for it. */
  async #call(host: string, line: PendingHost): Promise<void> {
    line.isDraining = true;
    while (line.waiting.length > 0) {
      try {
        const waitMs = await this.#takePlace(host, line);
        if (waitMs > 0) await delay(waitMs);
      } catch (error) {
        this.#edges.logger.warn({ host, error: messageOf(error) }, 'the limits of a host could not be asked for');
        for (const { failed, queueTimeout: impatience } of line.waiting.splice(0)) {
          clearTimeout(impatience);
          failed(error);
        }
      }
    }
    line.isDraining = false;
    this.#dropIdle(host, line);
  }

  /** Answers how long to wait before asking again; those at work here take the next in line meanwhile. */
  async #takePlace(host: string, line: PendingHost): Promise<number> {
    const { hosts, limitsFor, leaseMs, now } = this.#edges;
    const limits = limitsFor(host);
    const owner = `${this.#edges.owner} ${randomUUID()}`;
    const slice = await hosts.takeSlice(host, { owner, requested: 1, limits, leaseMs, now: now(), urgent: true });
    if (slice.slots > 0) {
      void this.#serve(host, line, { owner, limits, granted: slice.granted });
      return 0;
    }
    const waitMs = slice.retryAt ? slice.retryAt.getTime() - now().getTime() : LONGEST_WAIT_MS;
    if (slice.reason !== 'concurrency' && waitMs > QUEUE_TIMEOUT_MS) {
      for (const waiting of [...line.waiting]) leave(line, waiting, Math.min(waitMs, LONGEST_PAUSE_MS));
      return 0;
    }
    return Math.min(Math.max(waitMs, 50), LONGEST_WAIT_MS);
  }

  /** One place at the host, for one after the other until nobody waits. */
  async #serve(host: string, line: PendingHost, place: Place): Promise<void> {
    const { hosts, leaseMs, now, logger } = this.#edges;
    const { owner, limits, granted } = place;
    line.active += 1;
    const keep = () => void hosts.renewSlots(host, { owner, slots: 1, leaseMs }).catch(() => undefined);
    const renewal = setInterval(keep, leaseMs / 3);
    const archived: FetchCost[] = [];
    for (let next = line.waiting.shift(); next; next = line.waiting.shift()) {
      const one = await this.#archive(next);
      if (one) archived.push(one);
    }
    clearInterval(renewal);
    line.active -= 1;
    this.#dropIdle(host, line);
    const report = { owner, slots: 1, limits, now: now(), ...reportOf(archived, granted) };
    // A place that cannot be given back now is free again when its lease ends.
    await hosts.releaseSlots(host, report).catch((error: unknown) => {
      logger.warn({ host, error: messageOf(error) }, 'a place at a host could not be given back');
    });
  }

  #dropIdle(host: string, line: PendingHost): void {
    if (line.waiting.length === 0 && line.active === 0 && !line.isDraining && this.#lines.get(host) === line)
      this.#lines.delete(host);
  }

  async #archive({ archive, done, failed, queueTimeout: impatience }: Waiting): Promise<FetchCost | null> {
    clearTimeout(impatience);
    await this.#enter();
    try {
      const archived = await archive();
      done(null);
      return archived;
    } catch (error) {
      failed(error);
      return null;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active >= this.#edges.concurrency) await new Promise<void>((resolve) => this.#blocked.push(resolve));
    else this.#active += 1;
  }

  /** The place goes straight to the next one, so that nobody slips in between. */
  #leave(): void {
    const next = this.#blocked.shift();
    if (next) next();
    else this.#active -= 1;
  }
}

function reportOf(archived: readonly FetchCost[], granted: number) {
  const waits = archived.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const asked = archived.filter(({ host }) => host !== 'unasked');
  return {
    unused: granted - archived.reduce((sum, { requests }) => sum + requests, 0),
    bytes: archived.reduce((sum, { bytes }) => sum + bytes, 0),
    responseMs: 0,
    retryAfterMs: waits.length === 0 ? null : Math.max(...waits),
    deadCount: asked.filter(({ host }) => host === 'dead').length,
    aliveCount: asked.filter(({ host }) => host === 'alive').length,
  };
}

/** Nothing happens to who is no longer in line: its turn has come. */
function leave({ waiting: line }: PendingHost, waiting: Waiting, busyMs = 0): void {
  const place = line.indexOf(waiting);
  if (place === -1) return;
  line.splice(place, 1);
  clearTimeout(waiting.queueTimeout);
  waiting.done(busyMs);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
