/** Two in a row may fail before the lease ends. */
const RENEWALS_IN_A_LEASE = 3;

/** Renews something that is leased, again and again until it is stopped; what cannot be renewed now is renewed next time. */
export class Renewal {
  readonly #renew: () => Promise<unknown>;
  readonly #timer: NodeJS.Timeout;

  constructor(leaseMs: number, renew: () => Promise<unknown>) {
    this.#renew = renew;
    this.#timer = setInterval(() => this.now(), leaseMs / RENEWALS_IN_A_LEASE);
    this.#timer.unref();
  }

  /** Out of turn. */
  now(): void {
    this.#renew().catch(() => undefined);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
