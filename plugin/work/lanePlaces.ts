import type { FetchCost } from '../model/host.ts';
import type { HostSpeeds, Pace } from './hostSpeeds.ts';
import { HeldPlace, type LaneEntry, type LanePlace, type PlaceAhead, type PlaceOwner } from './slice/heldPlace.ts';
import { PlacesAhead } from './slice/placesAhead.ts';

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
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  /** From now on slow ones hold more than their share or wait for it; false: no longer. */
  onDemand(isScarce: boolean): void;
}

interface Waiting extends LaneEntry {
  readonly isAhead: boolean;
  readonly admit: (place: PlaceAhead) => void;
}

/** Archivals of hosts of which nothing was known, that turned out slow: at most so many times the places. */
const MAX_SLOW_FACTOR = 16;
/** Who enters first, of those that wait for young places. */
const RANKS: Readonly<Record<Pace, number>> = { quick: 0, unknown: 1, dragging: 2, slow: 3 };
/** More than one group can have. */
const MANY = 1_000_000;
/** One place of so many is given to who waits longest, so that nobody waits indefinitely. */
const LONGEST_EVERY = 4;
/** Nothing has been slow for so long: hosts of which nothing is known are let in as if they were quick. */
const CALM_MS = 10_000;
/** Jobs of slow archivals leave the queue so many times sooner while there are many. */
const SCARCE_PATIENCE = 4;

/**
 * The places of one lane in this process. An archival that takes longer than a moment leaves its place to the next one and
 * counts among the slow ones, which have a share of their own; hosts that were slow begin there. So slow links hold up each
 * other and nobody else. Who was quick enters before those of whom nothing is known, where something was slow a moment ago, and these before
 * hosts of which something slow is under way. While slow ones hold more than their share, or wait for it, the least speed rises (`onDemand`), and a
 * quarter of the places is kept for hosts that were quick.
 */
export class LanePlaces implements PlaceOwner {
  readonly #deps: LanePlacesDeps;
  readonly #speeds: HostSpeeds;
  readonly #waiting: Waiting[] = [];
  readonly #waitingSlow: Waiting[] = [];
  readonly #slowPlaces: number;
  readonly #ahead: PlacesAhead;
  /** Young ones, by what was known of their host when they entered. */
  readonly #young: Record<Pace, number> = { quick: 0, unknown: 0, dragging: 0, slow: 0 };
  /** Places by group. */
  readonly #held = new Map<string, number>();
  #admitted = 0;
  #slow = 0;
  #isScarce = false;
  #slowAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LanePlacesDeps) {
    this.#deps = deps;
    this.#speeds = deps.speeds;
    this.#ahead = new PlacesAhead(deps.places, () => deps.elapsedMs());
    this.#slowPlaces = Math.max(1, Math.floor(deps.places * deps.slowShare));
  }

  /**
   * In the order of arrival, among groups that have as many places. Rejects with the signal's reason when that fires first.
   */
  enter(entry: LaneEntry, signal: AbortSignal): Promise<LanePlace> {
    return this.#enter(entry, false, signal);
  }

  /** The same, and perhaps a moment before the place is free: what is to be done before its work begins is done meanwhile. */
  enterAhead(entry: LaneEntry, signal: AbortSignal): Promise<PlaceAhead> {
    return this.#enter(entry, true, signal);
  }

  /** Somebody waits to be let in, here or with the jobs for which this process has no room. */
  get isCrowded(): boolean {
    return this.#waiting.length > 0 || this.#youngCount >= this.#deps.places;
  }

  #enter(entry: LaneEntry, isAhead: boolean, signal: AbortSignal): Promise<PlaceAhead> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const isSlow = this.#speeds.paceOf(entry.host) === 'slow';
      const queue = isSlow ? this.#waitingSlow : this.#waiting;
      if (isSlow) entry.onSlow();
      const onAbort = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const admit = (place: PlaceAhead) => {
        signal.removeEventListener('abort', onAbort);
        resolve(place);
      };
      const { host, group } = entry;
      const waiting: Waiting = { host, group, onSlow: () => entry.onSlow(), isAhead, admit };
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
    this.#beginWaiting();
    for (let next = this.#nextYoung(); next; next = this.#nextYoung()) {
      const pace = this.#speeds.paceOf(next.host);
      this.#young[pace] += 1;
      this.#admitted += 1;
      if (next.isAhead) this.#ahead.admitted();
      this.#admitOne(next, pace, this.#deps.slowAfterMs);
    }
    while (this.#slow < this.#slowPlaces) {
      const next = this.#waitingSlow.shift();
      if (!next) break;
      this.#slow += 1;
      this.#admitOne({ ...next, isAhead: false }, 'slow', null);
    }
    this.#tellDemand();
  }

  #admitOne(entry: Waiting, pace: Pace, slowAfterMs: number | null): void {
    this.#count(entry.group, 1);
    entry.admit(new HeldPlace(this, { entry, pace, slowAfterMs, isAhead: entry.isAhead }));
  }

  /** Those who were let in ahead, as far as places are free. */
  #beginWaiting(): void {
    while (this.#youngCount - this.#ahead.count < this.#deps.places && this.#ahead.beginNext());
  }

  get #youngCount(): number {
    const { quick, unknown, dragging, slow } = this.#young;
    return quick + unknown + dragging + slow;
  }

  #count(group: string, more: 1 | -1): void {
    const count = (this.#held.get(group) ?? 0) + more;
    if (count > 0) this.#held.set(group, count);
    else this.#held.delete(group);
  }

  /** Out of the queue; undefined: nobody waits for whom there is room. */
  #nextYoung(): Waiting | undefined {
    if (this.#waiting.length === 0 || !this.#hasRoom('quick', true)) return undefined;
    const isForLongest = this.#admitted % LONGEST_EVERY === LONGEST_EVERY - 1;
    const isCalm = this.#slow === 0 && this.#deps.elapsedMs() - this.#slowAt > CALM_MS;
    let found = -1;
    let foundRank = Number.POSITIVE_INFINITY;
    for (const [at, { host, group, isAhead }] of this.#waiting.entries()) {
      const pace = this.#speeds.paceOf(host);
      const rank = (isCalm && pace === 'unknown' ? 0 : RANKS[pace]) * MANY + (this.#held.get(group) ?? 0);
      if (rank >= foundRank || !this.#hasRoom(pace, isAhead)) continue;
      [found, foundRank] = [at, rank];
      if (isForLongest || foundRank === 0) break;
    }
    return found < 0 ? undefined : this.#waiting.splice(found, 1)[0];
  }

  #hasRoom(pace: Pace, isAhead: boolean): boolean {
    const { unknown, dragging, slow } = this.#young;
    const places = this.#deps.places + (isAhead && !this.#isScarce ? this.#ahead.most : 0);
    if (this.#youngCount >= places) return false;
    if (pace === 'quick' || !this.#isScarce) return true;
    if (pace !== 'unknown' && dragging + slow >= Math.max(1, Math.floor(places / 2))) return false;
    return unknown + dragging + slow < places - Math.floor(places / 4);
  }

  #tellDemand(): void {
    const isScarce = this.#slow > this.#slowPlaces || this.#waitingSlow.length > 0;
    if (isScarce === this.#isScarce) return;
    this.#isScarce = isScarce;
    this.#deps.onDemand(isScarce);
    // What was kept for quick hosts is anybody's again.
    if (!isScarce) this.#admit();
  }

  drags(host: string, more: 1 | -1): void {
    this.#speeds.drags(host, more);
  }

  age(pace: Pace): boolean {
    if (this.#slow >= this.#slowPlaces * MAX_SLOW_FACTOR) return false;
    this.#young[pace] -= 1;
    this.#slow += 1;
    this.#admit();
    return true;
  }

  begin(begun: () => void): void {
    this.#ahead.wait(begun);
    this.#beginWaiting();
  }

  free(group: string, pace: Pace | null): void {
    this.#count(group, -1);
    if (pace === null) {
      this.#slow -= 1;
      this.#slowAt = this.#deps.elapsedMs();
    } else {
      this.#young[pace] -= 1;
      this.#ahead.placeLeft();
    }
    this.#admit();
  }

  freeAhead(group: string, pace: Pace, begun: (() => void) | null): void {
    this.#count(group, -1);
    this.#young[pace] -= 1;
    this.#ahead.leave(begun);
    this.#admit();
  }
}
