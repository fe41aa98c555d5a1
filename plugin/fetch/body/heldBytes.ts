/** Of all bodies of a fetch thread. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What holds the place is mostly a body that ends within a moment. */
const LONGEST_WAIT_MS = 500;

interface Waiter {
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
  readonly answer: (isHeld: boolean) => void;
}

/**
 * How many bytes of short bodies may be held in memory at the same time, beyond the beginning of each. Who finds no room waits for
 * it, in the order of coming, but not for long: publishers that send slowly hold what they have sent, and must hold nobody else up.
 * Once somebody has waited in vain nobody waits until something is given back.
 */
export class HeldBytes {
  readonly #longestWaitMs: number;
  #free: number;
  #waiting: Waiter[] = [];
  #isStuck = false;

  constructor({ mostBytes = MOST_BYTES, longestWaitMs = LONGEST_WAIT_MS } = {}) {
    this.#free = mostBytes;
    this.#longestWaitMs = longestWaitMs;
  }

  /** true: they are held until they are given back. false: there is no room for them, and they are to go to their stage. */
  take(bytes: number): boolean | Promise<boolean> {
    if (this.#waiting.length === 0 && bytes <= this.#free) {
      this.#free -= bytes;
      return true;
    }
    return this.#isStuck ? false : this.#wait(bytes);
  }

  give(bytes: number): void {
    if (bytes === 0) return;
    this.#free += bytes;
    this.#isStuck = false;
    this.#serve();
  }

  #wait(bytes: number): Promise<boolean> {
    return new Promise((answer) => {
      const timer = setTimeout(() => this.#giveUp(), this.#longestWaitMs);
      this.#waiting.push({ bytes, timer, answer });
    });
  }

  #serve(): void {
    for (let [first] = this.#waiting; first && first.bytes <= this.#free; [first] = this.#waiting) {
      this.#waiting.shift();
      clearTimeout(first.timer);
      this.#free -= first.bytes;
      first.answer(true);
    }
  }

  /** The first in the row has waited longest; those behind it wait for what it waited for in vain. */
  #giveUp(): void {
    this.#isStuck = true;
    for (const { timer, answer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      answer(false);
    }
  }
}
