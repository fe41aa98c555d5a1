interface Wait {
  readonly endsAt: number;
  /** Its time is over. */
  readonly end: () => void;
}

/** Waits that end in time or with an error, behind one timer: thousands of them begin and end in a second, and hardly ever one is late. */
export class BoundedWaits {
  readonly #waits = new Set<Wait>();
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  /** Resolves and rejects as `work` does; after `ms` without that it rejects with what `onLate` makes of the work that goes on. */
  bounded(work: Promise<void>, ms: number, onLate: (work: Promise<void>) => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const wait: Wait = { endsAt: performance.now() + ms, end: () => reject(onLate(work)) };
      this.#waits.add(wait);
      this.#schedule(wait.endsAt);
      work.then(
        () => {
          this.#leave(wait);
          resolve();
        },
        (error: unknown) => {
          this.#leave(wait);
          reject(error);
        },
      );
    });
  }

  #leave(wait: Wait): void {
    this.#waits.delete(wait);
    if (this.#waits.size === 0) this.#stop();
  }

  /** Where it fires too early, since those that it was set for have ended, it is set again. */
  #schedule(at: number): void {
    if (this.#timerAt <= at) return;
    this.#stop();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, at - performance.now()));
  }

  #look(): void {
    this.#stop();
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const wait of this.#waits) {
      if (wait.endsAt > now) next = Math.min(next, wait.endsAt);
      else {
        this.#waits.delete(wait);
        wait.end();
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#schedule(next);
  }

  #stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
