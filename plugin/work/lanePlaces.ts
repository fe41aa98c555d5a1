import type { FetchCost } from '../model/host.ts';

/** How many places a lane has in this process, and what slow archivals may hold of them. */
export interface LanePlacesDeps {
  /** For archivals that are young. */
  readonly places: number;
  /** As many more, as a share of `places`, for those that are slow. */
  readonly slowShare: number;
  /** From this age on an archival counts as slow, until it ends. */
  readonly slowAfterMs: number;
  /** Bytes a second below which a long transfer marks its host as slow, and is given up while others wait. */
  readonly slowBytesPerSecond: number;
  /** From now on slow ones hold more than their share or wait for it; false: no longer. */
  onDemand(isScarce: boolean): void;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
}

/** One place, held until it is left. */
export interface LanePlace {
  /** A part of the work has ended: what follows is young again, unless it has become slow already. */
  progressed(): void;
  /** Idempotent. */
  leave(): void;
}

interface Waiting {
  readonly onSlow: () => void;
  readonly admit: (place: LanePlace) => void;
}

/** A transfer shorter than this says nothing of its host's speed. */
const LONG_MS = 10_000;
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 10_000;
/** Archivals of hosts of which nothing was known, that turned out slow: at most so many times the places. */
const MAX_SLOW_FACTOR = 16;

/**
 * The places of one lane in this process. An archival that takes longer than a moment leaves its place to the next one and
 * counts among the slow ones, which have a share of their own; hosts that were slow begin there. So slow links hold up each
 * other and nobody else. While they hold more than their share, or wait for it, the least speed rises (`onDemand`).
 */
export class LanePlaces {
  readonly #deps: LanePlacesDeps;
  readonly #waiting: Waiting[] = [];
  readonly #waitingSlow: Waiting[] = [];
  /** Until when these hosts count as slow. */
  readonly #slowHosts = new Map<string, number>();
  readonly #slowPlaces: number;
  #young = 0;
  #slow = 0;
  #isScarce = false;

  constructor(deps: LanePlacesDeps) {
    this.#deps = deps;
    this.#slowPlaces = Math.max(1, Math.floor(deps.places * deps.slowShare));
  }

  /**
   * In the order of arrival; hosts that were slow among themselves. Rejects with the signal's reason when that fires first.
   * `onSlow`: it counts among the slow ones from now on, maybe before it has a place.
   */
  enter(host: string, signal: AbortSignal, onSlow: () => void = () => undefined): Promise<LanePlace> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const isSlow = this.#isSlowHost(host);
      const queue = isSlow ? this.#waitingSlow : this.#waiting;
      if (isSlow) onSlow();
      const onAbort = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const admit = (place: LanePlace) => {
        signal.removeEventListener('abort', onAbort);
        resolve(place);
      };
      const waiting: Waiting = { onSlow, admit };
      queue.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#admit();
    });
  }

  /** What one archival showed of its host's speed. */
  learn(host: string, { requests, bytes, ms }: FetchCost): void {
    if (requests === 0) return;
    const { slowBytesPerSecond, elapsedMs } = this.#deps;
    const isSlow = ms >= LONG_MS && (bytes * 1000) / ms < slowBytesPerSecond;
    this.#slowHosts.delete(host);
    if (isSlow) this.#slowHosts.set(host, elapsedMs() + REMEMBERED_MS);
    const [oldest] = this.#slowHosts.keys();
    if (this.#slowHosts.size > MAX_REMEMBERED && oldest !== undefined) this.#slowHosts.delete(oldest);
  }

  #isSlowHost(host: string): boolean {
    return (this.#slowHosts.get(host) ?? 0) > this.#deps.elapsedMs();
  }

  #admit(): void {
    while (this.#young < this.#deps.places) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#young += 1;
      next.admit(new HeldPlace(this, this.#deps.slowAfterMs, next.onSlow));
    }
    while (this.#slow < this.#slowPlaces) {
      const next = this.#waitingSlow.shift();
      if (!next) break;
      this.#slow += 1;
      next.admit(new HeldPlace(this, null, next.onSlow));
    }
    this.#tellDemand();
  }

  #tellDemand(): void {
    const isScarce = this.#slow > this.#slowPlaces || this.#waitingSlow.length > 0;
    if (isScarce === this.#isScarce) return;
    this.#isScarce = isScarce;
    this.#deps.onDemand(isScarce);
  }

  /** For places alone: true when it is slow now; false: there are too many slow ones already. */
  age(): boolean {
    if (this.#slow >= this.#slowPlaces * MAX_SLOW_FACTOR) return false;
    this.#young -= 1;
    this.#slow += 1;
    this.#admit();
    return true;
  }

  /** For places alone. */
  free(isSlow: boolean): void {
    if (isSlow) this.#slow -= 1;
    else this.#young -= 1;
    this.#admit();
  }
}

class HeldPlace implements LanePlace {
  readonly #lane: Pick<LanePlaces, 'age' | 'free'>;
  readonly #slowAfterMs: number | null;
  readonly #onSlow: () => void;
  #timer: NodeJS.Timeout | null = null;
  #isSlow: boolean;
  #isLeft = false;

  /** `slowAfterMs` null: slow from the beginning. */
  constructor(lane: Pick<LanePlaces, 'age' | 'free'>, slowAfterMs: number | null, onSlow: () => void) {
    this.#lane = lane;
    this.#onSlow = onSlow;
    this.#slowAfterMs = slowAfterMs;
    this.#isSlow = slowAfterMs === null;
    this.progressed();
  }

  progressed(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#isSlow || this.#isLeft || this.#slowAfterMs === null) return;
    this.#timer = setTimeout(() => this.#age(), this.#slowAfterMs);
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#lane.free(this.#isSlow);
  }

  #age(): void {
    this.#isSlow = this.#lane.age();
    // Too many are slow: it keeps its place and tries again.
    if (this.#isSlow) this.#onSlow();
    else this.progressed();
  }
}
