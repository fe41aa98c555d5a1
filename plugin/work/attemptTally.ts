import type { Attempt } from '../model/attempt.ts';

/** What the attempts of this process have cost and brought since it started. */
export interface AttemptTotals {
  readonly requests: number;
  /** New versions that were kept. */
  readonly copies: number;
  /** Of those copies. */
  readonly bytes: number;
}

/** Adds up attempts. */
export class AttemptTally {
  #totals: AttemptTotals = { requests: 0, copies: 0, bytes: 0 };

  get totals(): AttemptTotals {
    return this.#totals;
  }

  add({ requests, stage, bytes }: Pick<Attempt, 'requests' | 'stage' | 'bytes'>): void {
    const before = this.#totals;
    this.#totals = {
      requests: before.requests + requests,
      copies: before.copies + (stage ? 1 : 0),
      bytes: before.bytes + (stage ? (bytes ?? stage.bytes) : 0),
    };
  }
}
