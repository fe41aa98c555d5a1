import type { Pace } from '../hostSpeeds.ts';

/** Who wants a place. */
export interface LaneEntry {
  readonly host: string;
  /** Among hosts of one pace the group that has the fewest places enters first: a dataset of requests; sweeps are one. */
  readonly group: string;
  /** It counts among the slow ones from now on, maybe before it has a place. */
  onSlow(): void;
}

/** One place, held until it is left. */
export interface LanePlace {
  /** A part of the work has ended: what follows is young again, unless it has become slow already. */
  progressed(): void;
  /** Idempotent. */
  leave(): void;
}

/** One that was perhaps given before it was free. */
export interface PlaceAhead extends LanePlace {
  /**
   * Resolves with true when it is free: its work may begin, and it ages from then on. false: the signal fired, or it was not free
   * within so many milliseconds; then it is to be left.
   */
  begin(signal: AbortSignal, patienceMs: number): Promise<boolean>;
}

/** Whom a place is given back to. */
export interface PlaceOwner {
  /** What holds a place has become slow, or (-1) such a one ended. */
  drags(host: string, more: 1 | -1): void;
  /** true when it counts as slow now; false: there are too many slow ones already. */
  age(pace: Pace): boolean;
  /** `begun` is called when a place is free. */
  begin(begun: () => void): void;
  /** `pace`: of a young one, null: it counted as slow. */
  free(group: string, pace: Pace | null): void;
  /** One that never began; `begun`: what it waited to be called by. */
  freeAhead(group: string, pace: Pace, begun: (() => void) | null): void;
}

/** Who was let in, and as what. */
export interface Admission {
  readonly entry: LaneEntry;
  readonly pace: Pace;
  /** null: slow from the beginning. */
  readonly slowAfterMs: number | null;
  /** It waits for its place to be free before it begins. */
  readonly isAhead: boolean;
}

/** A place of a lane in the hands of who was admitted. */
export class HeldPlace implements PlaceAhead {
  readonly #owner: PlaceOwner;
  readonly #admission: Admission;
  #timer: NodeJS.Timeout | null = null;
  #isSlow: boolean;
  #hasBegun: boolean;
  #begun: (() => void) | null = null;
  #drags = false;
  #isLeft = false;

  constructor(owner: PlaceOwner, admission: Admission) {
    this.#owner = owner;
    this.#admission = admission;
    this.#isSlow = admission.slowAfterMs === null;
    this.#hasBegun = !admission.isAhead;
    this.progressed();
  }

  begin(signal: AbortSignal, patienceMs: number): Promise<boolean> {
    if (this.#hasBegun || signal.aborted) return Promise.resolve(!signal.aborted);
    return new Promise((resolve) => {
      const answer = (hasBegun: boolean) => {
        clearTimeout(patience);
        signal.removeEventListener('abort', giveUp);
        resolve(hasBegun);
      };
      const giveUp = () => answer(false);
      const patience = setTimeout(giveUp, patienceMs);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#begun = () => {
        this.#hasBegun = true;
        this.progressed();
        answer(true);
      };
      this.#owner.begin(this.#begun);
    });
  }

  progressed(): void {
    const { slowAfterMs } = this.#admission;
    if (this.#timer) clearTimeout(this.#timer);
    if (!this.#hasBegun || this.#isSlow || this.#isLeft || slowAfterMs === null) return;
    this.#timer = setTimeout(() => this.#age(), slowAfterMs);
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    if (this.#timer) clearTimeout(this.#timer);
    const { entry, pace } = this.#admission;
    if (this.#drags) this.#owner.drags(entry.host, -1);
    if (this.#hasBegun) this.#owner.free(entry.group, this.#isSlow ? null : pace);
    else this.#owner.freeAhead(entry.group, pace, this.#begun);
  }

  #age(): void {
    const { entry, pace } = this.#admission;
    if (!this.#drags) this.#owner.drags(entry.host, 1);
    this.#drags = true;
    this.#isSlow = this.#owner.age(pace);
    // Too many are slow: it keeps its place and tries again.
    if (this.#isSlow) entry.onSlow();
    else this.progressed();
  }
}
