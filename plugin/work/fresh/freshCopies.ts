import type { LookedAt } from './freshSlice.ts';

/** By what the due resources in front of a host are looked at. */
export interface FreshCopiesDeps {
  /** Advances what is still fresh among the first of them, together with those of other hosts. */
  advance(host: string): Promise<LookedAt>;
}

/**
 * Advances what is still fresh, many at a time: nobody is asked for it, so that it needs no lease, no place and no slot of
 * its host. What is to be looked at more closely (gone from the portal, another URL, a copy that is owed) is left for a
 * journey.
 */
export class FreshCopies {
  readonly #deps: FreshCopiesDeps;
  /** By host: how many due resources in front were looked at and left; they are not looked at again. */
  readonly #left = new Map<string, number>();

  constructor(deps: FreshCopiesDeps) {
    this.#deps = deps;
  }

  /** Those in front of a host's due resources. false: nothing else is due there. */
  async advance(host: string, signal: AbortSignal): Promise<boolean> {
    if (this.#left.has(host)) return true;
    while (!signal.aborted) {
      const { left, isAll } = await this.#deps.advance(host);
      if (left > 0) this.#left.set(host, left);
      if (left > 0 || isAll) return left > 0;
    }
    return true;
  }

  /** So many were leased since; `all`: nothing that is due was left. Answers how many are known to be left. */
  leased(host: string, count: number | 'all'): number {
    const left = count === 'all' ? 0 : Math.max(0, (this.#left.get(host) ?? 0) - count);
    if (left > 0) this.#left.set(host, left);
    else this.#left.delete(host);
    return left;
  }
}
