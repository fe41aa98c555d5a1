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

/** Hosts that stay with this process between two slices, because their rate holds them up for a moment only. */
export class KeptHosts {
  readonly #deps: KeptHostsDeps;
  #count = 0;

  constructor(deps: KeptHostsDeps) {
    this.#deps = deps;
  }

  /** `at`: when its next slice may begin. What may begin now is any process's to begin. */
  mayKeep(at: Date | null): at is Date {
    return this.#count < this.#deps.most && this.#isSoon(at);
  }

  /** Slice after slice, each at its time. Answers when the host's job is to come; null: nothing waits. */
  async keep(first: Date, takeSlice: () => Promise<Date | null>, closing: AbortSignal): Promise<Date | null> {
    const { now } = this.#deps;
    const leavesAt = now().getTime() + KEPT_MS;
    this.#count += 1;
    try {
      let at: Date | null = first;
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
