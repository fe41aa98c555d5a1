/**
 * How long one body was being decoded: the time in which a decoder was at work and nobody downstream held it back, at most
 * what the process spent on its processors meanwhile. So neither a slow store nor a busy machine is counted as decoding.
 */
export class DecodeClock {
  /** Asked for when decoding begins: it costs a system call, and most bodies have no coding. */
  #processAtStart: NodeJS.CpuUsage | null = null;
  #working = false;
  #held = 0;
  #since = 0;
  #busyMs = 0;

  start(): void {
    this.#processAtStart ??= process.cpuUsage();
    this.#change(() => {
      this.#working = true;
    });
  }

  stop(): void {
    this.#change(() => {
      this.#working = false;
    });
  }

  /** What was decoded is being taken; each call is followed by one of {@link release}. */
  hold(): void {
    this.#change(() => {
      this.#held += 1;
    });
  }

  release(): void {
    this.#change(() => {
      this.#held -= 1;
    });
  }

  /** The processors are asked only where the time alone is too long: that costs a system call. */
  isOver(limitMs: number): boolean {
    const now = performance.now();
    const busyMs = this.#busyMs + (this.#isTicking ? now - this.#since : 0);
    if (busyMs <= limitMs || this.#processAtStart === null) return false;
    const { user, system } = process.cpuUsage(this.#processAtStart);
    return (user + system) / 1000 > limitMs;
  }

  get #isTicking(): boolean {
    return this.#working && this.#held === 0;
  }

  #change(set: () => void): void {
    const now = performance.now();
    if (this.#isTicking) this.#busyMs += now - this.#since;
    set();
    this.#since = now;
  }
}
