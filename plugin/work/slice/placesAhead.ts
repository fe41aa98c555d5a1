/** So many times the places are given ahead at most … */
const MOST_FACTOR = 2;
/** … and no more than were left within this time: who is ahead waits about as long. */
const WITHIN_MS = 500;

/** Who of a lane was let in before a place was free, because places change hands quickly. */
export class PlacesAhead {
  readonly #most: number;
  readonly #elapsedMs: () => number;
  readonly #waiting: (() => void)[] = [];
  readonly #leftAt: number[] = [];
  #count = 0;

  constructor(places: number, elapsedMs: () => number) {
    this.#most = places * MOST_FACTOR;
    this.#elapsedMs = elapsedMs;
  }

  /** Those who have not begun. */
  get count(): number {
    return this.#count;
  }

  /** So many may be let in beyond the places now. */
  get most(): number {
    const since = this.#elapsedMs() - WITHIN_MS;
    return this.#leftAt.filter((at) => at >= since).length;
  }

  /** One was let in. */
  admitted(): void {
    this.#count += 1;
  }

  /** It may begin as soon as it is its turn; `begun` is called then. */
  wait(begun: () => void): void {
    this.#waiting.push(begun);
  }

  /** A place is free for who waits longest. false: nobody waits. */
  beginNext(): boolean {
    const begun = this.#waiting.shift();
    if (!begun) return false;
    this.#count -= 1;
    begun();
    return true;
  }

  /** One leaves that never began. */
  leave(begun: (() => void) | null): void {
    this.#count -= 1;
    const at = begun ? this.#waiting.indexOf(begun) : -1;
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** A place was left. */
  placeLeft(): void {
    this.#leftAt.push(this.#elapsedMs());
    if (this.#leftAt.length > this.#most) this.#leftAt.shift();
  }
}
