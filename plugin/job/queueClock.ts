/**
 * Agenda compares times with the clock of its machine; what is kept in the queue is by the clock that all workers share. So
 * a machine whose clock is wrong takes jobs when they are due, and leaves them to the others in time.
 */
export class QueueClock {
  readonly #now: () => Date;

  /** `now`: the shared clock. */
  constructor(now: () => Date) {
    this.#now = now;
  }

  now(): Date {
    return this.#now();
  }

  /** For Agenda. */
  toLocal(shared: Date): Date {
    return new Date(shared.getTime() - this.#aheadMs());
  }

  /** From Agenda. */
  toShared(local: Date): Date {
    return new Date(local.getTime() + this.#aheadMs());
  }

  /** How far the shared clock is ahead of this machine's. */
  #aheadMs(): number {
    return this.#now().getTime() - Date.now();
  }
}
