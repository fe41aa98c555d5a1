const DISTRUST_MS = 24 * 3600 * 1000;
const MAX_HOSTS = 10_000;

/**
 * Hosts that said a file had not changed when it had. For a day every such response of theirs is checked in full, not
 * longer: a file that changes between two requests looks the same.
 */
export class DistrustedHosts {
  readonly #caughtAt = new Map<string, number>();

  /** The oldest of 10,000 goes. */
  add(url: URL): void {
    this.#caughtAt.delete(url.host);
    this.#caughtAt.set(url.host, performance.now());
    const [oldest] = this.#caughtAt.keys();
    if (this.#caughtAt.size > MAX_HOSTS && oldest !== undefined) this.#caughtAt.delete(oldest);
  }

  has(url: URL): boolean {
    const at = this.#caughtAt.get(url.host);
    return at !== undefined && performance.now() - at < DISTRUST_MS;
  }
}
