import type { FetchCost } from '../model/host.ts';
import type { HostSpeeds, Pace } from './hostSpeeds.ts';

/** How many places a lane has in this process, and what slow archivals may hold of them. */
export interface LanePlacesDeps {
  /** What is known of hosts, by both lanes. */
  readonly speeds: HostSpeeds;
  /** For archivals that are young. */
  readonly places: number;
  /** As many more, as a share of `places`, for those that are slow. */
  readonly slowShare: number;
  /** From this age on an archival counts as slow, until it ends. */
  readonly slowAfterMs: number;
  /** From now on slow ones hold more than their share or wait for it; false: no longer. */
  onDemand(isScarce: boolean): void;
}

/** One place, held until it is left. */
export interface LanePlace {
  /** A part of the work has ended: what follows is young again, unless it has become slow already. */
  progressed(): void;
  /** Idempotent. */
  leave(): void;
}

/** Who wants a place. */
export interface LaneEntry {
  readonly host: string;
  /** Among hosts of one pace the group that has the fewest places enters first: a dataset of requests; sweeps are one. */
  readonly group: string;
  /** It counts among the slow ones from now on, maybe before it has a place. */
  onSlow(): void;
}

interface Waiting extends LaneEntry {
  readonly admit: (place: LanePlace) => void;
}

/** Archivals of hosts of which nothing was known, that turned out slow: at most so many times the places. */
const MAX_SLOW_FACTOR = 16;
/** Who enters first, of those that wait for young places. */
const RANKS: Readonly<Record<Pace, number>> = { quick: 0, unknown: 1, dragging: 2, slow: 3 };
/** More than one group can have. */
const MANY = 1_000_000;
/** One place of so many is given to who waits longest, so that nobody waits indefinitely. */
const LONGEST_EVERY = 4;
/** Jobs of slow archivals leave the queue so many times sooner while there are many. */
const SCARCE_PATIENCE = 4;

/**
 * The places of one lane in this process. An archival that takes longer than a moment leaves its place to the next one and
 * counts among the slow ones, which have a share of their own; hosts that were slow begin there. So slow links hold up each
 * other and nobody else. Who was quick enters before those of whom nothing is known, and these before hosts of which something
 * slow is under way. While slow ones hold more than their share, or wait for it, the least speed rises (`onDemand`), and a
 * quarter of the places is kept for hosts that were quick.
 */
export class LanePlaces {
  readonly #deps: LanePlacesDeps;
  readonly #speeds: HostSpeeds;
  readonly #waiting: Waiting[] = [];
  readonly #waitingSlow: Waiting[] = [];
  readonly #slowPlaces: number;
  /** Young ones, by what was known of their host when they entered. */
  readonly #young: Record<Pace, number> = { quick: 0, unknown: 0, dragging: 0, slow: 0 };
  /** Places by group. */
  readonly #held = new Map<string, number>();
  #admitted = 0;
  #slow = 0;
  #isScarce = false;

  constructor(deps: LanePlacesDeps) {
    this.#deps = deps;
    this.#speeds = deps.speeds;
    this.#slowPlaces = Math.max(1, Math.floor(deps.places * deps.slowShare));
  }

  /**
   * In the order of arrival, among groups that have as many places. Rejects with the signal's reason when that fires first.
   */
  enter(entry: LaneEntry, signal: AbortSignal): Promise<LanePlace> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const isSlow = this.#speeds.paceOf(entry.host) === 'slow';
      const queue = isSlow ? this.#waitingSlow : this.#waiting;
      if (isSlow) entry.onSlow();
      const onAbort = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const admit = (place: LanePlace) => {
        signal.removeEventListener('abort', onAbort);
        resolve(place);
      };
      const waiting: Waiting = { host: entry.host, group: entry.group, onSlow: () => entry.onSlow(), admit };
      queue.push(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#admit();
    });
  }

  /** Of so long a time, how long a job waits for its archival before it leaves the queue's place: less while many are slow. */
  patienceOf(ms: number): number {
    return this.#isScarce ? ms / SCARCE_PATIENCE : ms;
  }

  /** What one archival showed of its host's speed. */
  learn(host: string, cost: FetchCost): void {
    this.#speeds.learn(host, cost);
  }

  #admit(): void {
    for (let next = this.#nextYoung(); next; next = this.#nextYoung()) {
      const pace = this.#speeds.paceOf(next.host);
      this.#young[pace] += 1;
      this.#admitted += 1;
      this.#admitOne(next, pace, this.#deps.slowAfterMs);
    }
    while (this.#slow < this.#slowPlaces) {
      const next = this.#waitingSlow.shift();
      if (!next) break;
      this.#slow += 1;
      this.#admitOne(next, 'slow', null);
    }
    this.#tellDemand();
  }

  #admitOne(waiting: Waiting, pace: Pace, slowAfterMs: number | null): void {
    this.#count(waiting.group, 1);
    waiting.admit(new HeldPlace(this, { waiting, pace, slowAfterMs }));
  }

  #count(group: string, more: 1 | -1): void {
    const count = (this.#held.get(group) ?? 0) + more;
    if (count > 0) this.#held.set(group, count);
    else this.#held.delete(group);
  }

  /** Out of the queue; undefined: nobody waits for whom there is room. */
  #nextYoung(): Waiting | undefined {
    if (this.#waiting.length === 0 || !this.#hasRoom('quick')) return undefined;
    const isForLongest = this.#admitted % LONGEST_EVERY === LONGEST_EVERY - 1;
    let found = -1;
    let foundRank = Number.POSITIVE_INFINITY;
    for (const [at, { host, group }] of this.#waiting.entries()) {
      const pace = this.#speeds.paceOf(host);
      const rank = RANKS[pace] * MANY + (this.#held.get(group) ?? 0);
      if (rank >= foundRank || !this.#hasRoom(pace)) continue;
      [found, foundRank] = [at, rank];
      if (isForLongest || foundRank === 0) break;
    }
    return found < 0 ? undefined : this.#waiting.splice(found, 1)[0];
  }

  #hasRoom(pace: Pace): boolean {
    const { places } = this.#deps;
    const { quick, unknown, dragging, slow } = this.#young;
    const others = unknown + dragging + slow;
    if (quick + others >= places) return false;
    if (pace === 'quick' || !this.#isScarce) return true;
    if (pace !== 'unknown' && dragging + slow >= Math.max(1, Math.floor(places / 2))) return false;
    return others < places - Math.floor(places / 4);
  }

  #tellDemand(): void {
    const isScarce = this.#slow > this.#slowPlaces || this.#waitingSlow.length > 0;
    if (isScarce === this.#isScarce) return;
    this.#isScarce = isScarce;
    this.#deps.onDemand(isScarce);
    // What was kept for quick hosts is anybody's again.
    if (!isScarce) this.#admit();
  }

  /** For places alone: what holds one has become slow, or (-1) such a one ended. */
  drags(host: string, more: 1 | -1): void {
    this.#speeds.drags(host, more);
  }

  /** For places alone: true when it counts as slow now; false: there are too many slow ones already. */
  age(pace: Pace): boolean {
    if (this.#slow >= this.#slowPlaces * MAX_SLOW_FACTOR) return false;
    this.#young[pace] -= 1;
    this.#slow += 1;
    this.#admit();
    return true;
  }

  /** For places alone; `pace`: of a young one, null: it counted as slow. */
  free(group: string, pace: Pace | null): void {
    this.#count(group, -1);
    if (pace === null) this.#slow -= 1;
    else this.#young[pace] -= 1;
    this.#admit();
  }
}

interface Entered {
  readonly waiting: LaneEntry;
  readonly pace: Pace;
  /** null: slow from the beginning. */
  readonly slowAfterMs: number | null;
}

class HeldPlace implements LanePlace {
  readonly #lane: Pick<LanePlaces, 'age' | 'drags' | 'free'>;
  readonly #entered: Entered;
  #timer: NodeJS.Timeout | null = null;
  #isSlow: boolean;
  #drags = false;
  #isLeft = false;

  constructor(lane: Pick<LanePlaces, 'age' | 'drags' | 'free'>, entered: Entered) {
    this.#lane = lane;
    this.#entered = entered;
    this.#isSlow = entered.slowAfterMs === null;
    this.progressed();
  }

  progressed(): void {
    const { slowAfterMs } = this.#entered;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#isSlow || this.#isLeft || slowAfterMs === null) return;
    this.#timer = setTimeout(() => this.#age(), slowAfterMs);
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    if (this.#timer) clearTimeout(this.#timer);
    const { waiting, pace } = this.#entered;
    if (this.#drags) this.#lane.drags(waiting.host, -1);
    this.#lane.free(waiting.group, this.#isSlow ? null : pace);
  }

  #age(): void {
    const { waiting, pace } = this.#entered;
    if (!this.#drags) this.#lane.drags(waiting.host, 1);
    this.#drags = true;
    this.#isSlow = this.#lane.age(pace);
    // Too many are slow: it keeps its place and tries again.
    if (this.#isSlow) waiting.onSlow();
    else this.progressed();
  }
}
