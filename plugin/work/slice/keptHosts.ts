import { setTimeout as wait } from 'node:timers/promises';

/** How many are kept, and by which clock. */
export interface KeptHostsDeps {
  readonly most: number;
  now(): Date;
}

/** A host whose next share comes so soon is kept: the queue would be written and read again for one or two requests. */
const SOON_MS = 2000;
/** It goes back to the queue before its job comes by itself, maybe to another process. */
const KEPT_MS = 10_000;

/** Hosts that stay with this process without their jobs, because a slice is recorded or their rate holds them up for a moment. */
export class KeptHosts {
  readonly #deps: KeptHostsDeps;
  #count = 0;

  constructor(deps: KeptHostsDeps) {
    this.#deps = deps;
  }

  get hasRoom(): boolean {
    return this.#count < this.#deps.most;
  }

  /** `at`: when its next slice may begin. What may begin now is any process's to begin. */
  mayKeep(at: Date | null): at is Date {
    return this.hasRoom && this.#isSoon(at);
  }

  /** Slice after slice, each at its time, after the first. Answers when the host's job is to come; null: nothing waits. */
  async keep(
    first: Promise<Date | null>,
    takeSlice: () => Promise<Date | null>,
    closing: AbortSignal,
  ): Promise<Date | null> {
    const { now } = this.#deps;
    const leavesAt = now().getTime() + KEPT_MS;
    this.#count += 1;
    try {
      let at = await first;
      while (this.#isSoon(at) && at.getTime() < leavesAt) {
        await wait(at.getTime() - now().getTime(), undefined, { signal: closing }).catch(() => undefined);
        if (closing.aborted) return at;
        at = await takeSlice();
      }
      return at;
    } finally {
      this.#count -= 1;
    }
  }

  #isSoon(at: Date | null): at is Date {
    const inMs = at ? at.getTime() - this.#deps.now().getTime() : 0;
    return inMs > 0 && inMs <= SOON_MS;
  }
}
