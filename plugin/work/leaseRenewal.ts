import { ArchiverError, messageOf } from '../errors.ts';
import { Followers } from '../lease/followers.ts';
import { Renewal } from '../lease/renewal.ts';
import type { Lease } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';

/** What renewing leases reads and writes. */
export interface LeaseRenewalDeps {
  readonly archivals: Pick<Archivals, 'renew'>;
  readonly leaseMs: number;
  now(): Date;
  readonly logger: Logger;
}

interface Held {
  readonly lease: Lease;
  readonly controller: AbortController;
}

/**
 * Renews the leases of this process while their work goes on, all in one statement. A lease that another has taken over
 * aborts its work; what it would still record is refused by the fencing token anyway.
 */
export class LeaseRenewal {
  readonly #deps: LeaseRenewalDeps;
  readonly #held = new Set<Held>();
  readonly #followers = new Followers();
  #renewal: Renewal | null = null;

  constructor(deps: LeaseRenewalDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#renewal ??= new Renewal(this.#deps.leaseMs, () => this.#renew());
  }

  stop(): void {
    this.#renewal?.stop();
    this.#renewal = null;
  }

  /** Runs `work` while the lease is renewed; its signal fires when `signal` does or when the lease is lost. */
  async hold<Result>(
    lease: Lease,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const held: Held = { lease, controller: new AbortController() };
    const unfollow = this.#followers.follow(signal, held.controller);
    this.#held.add(held);
    try {
      return await work(held.controller.signal);
    } finally {
      this.#held.delete(held);
      unfollow();
    }
  }

  /** Out of turn: what is held stays held, also where the database was away for longer than leases last. */
  renewNow(): Promise<void> {
    return this.#renew();
  }

  async #renew(): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    const { archivals, leaseMs, now, logger } = this.#deps;
    try {
      const leases = held.map(({ lease }) => lease);
      const owned = await archivals.renew(leases, { leaseMs, now: now() });
      for (const one of held) if (!owned.has(one.lease.resourceId)) abortLost(one);
    } catch (error) {
      // The database is away for a moment: the leases stand until they expire, and the fencing token guards the rest.
      logger.warn({ leases: held.length, error: messageOf(error) }, 'leases could not be renewed');
    }
  }
}

function abortLost({ lease, controller }: Held): void {
  controller.abort(new ArchiverError('lease-lost', `Another worker holds resource ${lease.resourceId}.`));
}
