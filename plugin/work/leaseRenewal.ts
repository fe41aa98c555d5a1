import { setMaxListeners } from 'node:events';
import { ArchiverError, messageOf } from '../errors.ts';
import type { Lease } from '../model/archival.ts';
import type { Logger } from '../model/logger.ts';
import type { Archivals } from '../record/Archivals.ts';

interface Held {
  readonly lease: Lease;
  readonly controller: AbortController;
}

/**
 * Renews the leases of this process while their work goes on, all in one statement. A lease that another has taken over
 * aborts its work; what it would still record is refused by the fencing token anyway.
 */
export class LeaseRenewal {
  readonly #archivals: Pick<Archivals, 'renew'>;
  readonly #leaseMs: number;
  readonly #now: () => Date;
  readonly #logger: Logger;
  readonly #held = new Set<Held>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: {
    readonly archivals: Pick<Archivals, 'renew'>;
    readonly leaseMs: number;
    readonly now: () => Date;
    readonly logger: Logger;
  }) {
    this.#archivals = options.archivals;
    this.#leaseMs = options.leaseMs;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#renew(), this.#leaseMs / 3);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  get count(): number {
    return this.#held.size;
  }

  /** Runs `work` while the lease is renewed; its signal fires when `signal` does or when the lease is lost. */
  async hold<Result>(
    lease: Lease,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const held: Held = { lease, controller: new AbortController() };
    this.#held.add(held);
    try {
      const both = AbortSignal.any([signal, held.controller.signal]);
      // Every hop of a fetch listens.
      setMaxListeners(0, both);
      return await work(both);
    } finally {
      this.#held.delete(held);
    }
  }

  async #renew(): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    try {
      const leases = held.map(({ lease }) => lease);
      const owned = await this.#archivals.renew(leases, { leaseMs: this.#leaseMs, now: this.#now() });
      for (const { lease, controller } of held) {
        if (!owned.has(lease.resourceId))
          controller.abort(new ArchiverError('lease-lost', `Another worker holds resource ${lease.resourceId}.`));
      }
    } catch (error) {
      // The database is away for a moment: the leases stand until they expire, and the fencing token guards the rest.
      this.#logger.warn({ leases: held.length, error: messageOf(error) }, 'leases could not be renewed');
    }
  }
}
