import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from '../decide/hostBudget.ts';
import { hostReport } from '../decide/hostReport.ts';
import { messageOf } from '../errors.ts';
import { Renewal } from '../lease/renewal.ts';
import type { FetchCost, HostLimits, HostSlice } from '../model/host.ts';
import type { HostEntrance, HostPlace, HostPlaces } from '../model/hostPlaces.ts';
import type { Logger } from '../model/logger.ts';
import type { HostSlots } from './sitedHosts.ts';

/** What places on the way of a link are taken from. */
export interface HopPlacesDeps {
  readonly hosts: HostSlots;
  limitsFor(host: string): HostLimits;
  /** Names this process in its slots. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly slowAfterMs: number;
  /** Of interactive requests. */
  readonly urgent: boolean;
  /** A place became free. */
  onFreed(host: string): void;
  now(): Date;
  readonly logger: Pick<Logger, 'warn'>;
}

/** So long at most an attempt waits on the way, for it holds a place at the host where it began. */
const PATIENCE_MS = 1000;
const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 250;
const LONGEST_BUSY_MS = 600_000;
const UNKNOWN_MS = 5000;
/** Hosts whose turns are remembered; those that have passed go first. */
const MAX_HOSTS = 1000;

/**
 * Places at hosts that a link leads to: one request's place and token at a time, shared by all processes. A request that finds
 * none goes away with a turn, each in the host's rate after the one before, so that nobody asks the first host in vain.
 */
export class HopPlaces implements HostPlaces {
  readonly #deps: HopPlacesDeps;
  readonly #turns = new Map<string, number>();

  constructor(deps: HopPlacesDeps) {
    this.#deps = deps;
  }

  async enter(host: string, from: string, signal: AbortSignal): Promise<HostEntrance> {
    try {
      return await this.#enter(host, from, signal);
    } catch (error) {
      if (!signal.aborted)
        this.#deps.logger.warn({ host, error: messageOf(error) }, 'the limits of a host could not be asked for');
      return { kind: 'busy', retryInMs: UNKNOWN_MS };
    }
  }

  connected(hostname: string, address: string): void {
    this.#deps.hosts.connected(hostname, address);
  }

  async #enter(host: string, from: string, signal: AbortSignal): Promise<HostEntrance> {
    const { hosts, limitsFor, leaseMs, urgent, now } = this.#deps;
    const limits = limitsFor(host);
    const owner = `${this.#deps.owner} ${randomUUID()}`;
    const latest = performance.now() + PATIENCE_MS;
    for (;;) {
      const ask = { owner, requested: 1, limits, leaseMs, now: now(), urgent, onTheWay: true, from };
      const slice = await hosts.takeSlice(host, ask);
      if (slice.slots > 0) return { kind: 'entered', place: this.#placeAt(host, { owner, limits, slice }) };
      const waitMs = slice.retryAt ? slice.retryAt.getTime() - now().getTime() : LONGEST_WAIT_MS;
      // What may pass within a moment.
      const isSoon = isBusy(slice) || slice.reason === 'rate';
      const pauseMs = Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
      if (!isSoon || performance.now() + pauseMs > latest) return this.#busy(host, waitMs, limits);
      await wait(pauseMs, undefined, { signal });
    }
  }

  #placeAt(
    host: string,
    held: { readonly owner: string; readonly limits: HostLimits; readonly slice: HostSlice },
  ): HostPlace {
    const { hosts, leaseMs, slowAfterMs, onFreed } = this.#deps;
    const { owner } = held;
    const slow = setTimeout(() => void hosts.slowSlots(host, { owner, slots: 1 }), slowAfterMs).unref();
    const renewal = new Renewal(leaseMs, () => hosts.renewSlots(host, { owner, slots: 1, leaseMs }));
    return {
      leave: (cost) => {
        renewal.stop();
        clearTimeout(slow);
        void this.#release(host, held, cost).then(() => onFreed(host));
      },
    };
  }

  async #release(
    host: string,
    { owner, limits, slice }: { readonly owner: string; readonly limits: HostLimits; readonly slice: HostSlice },
    cost: FetchCost,
  ): Promise<void> {
    const { hosts, urgent, now, logger } = this.#deps;
    const usage = hostReport([cost], slice.granted, { urgent });
    // A slot that cannot be given back now is free again when its lease ends.
    await hosts.releaseSlots(host, { ...usage, owner, slots: 1, limits, now: now() }).catch((error: unknown) => {
      logger.warn({ host, error: messageOf(error) }, 'a slot of a host could not be given back');
    });
  }

  #busy(host: string, waitMs: number, { requestsPerSecond }: HostLimits): HostEntrance {
    const now = Date.now();
    const turn = Math.max(now + Math.max(waitMs, PATIENCE_MS), (this.#turns.get(host) ?? 0) + 1000 / requestsPerSecond);
    this.#forgetPassed(now);
    this.#turns.set(host, turn);
    return { kind: 'busy', retryInMs: Math.min(Math.ceil(turn - now), Math.max(waitMs, LONGEST_BUSY_MS)) };
  }

  #forgetPassed(now: number): void {
    if (this.#turns.size < MAX_HOSTS) return;
    for (const [host, turn] of this.#turns) if (turn < now) this.#turns.delete(host);
  }
}
