/**
 * Answers of all hosts that are not recorded yet. Past a bound nothing more is asked for: where the database is slower than the
 * publishers they would fill the memory.
 */
export class Unrecorded {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when there is room for one more; who asks for nothing then passes it on. */
  async room(): Promise<void> {
    while (this.#count >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Counted until it is recorded, or fails. */
  add(recorded: Promise<unknown>): void {
    this.#count += 1;
    const ended = () => {
      this.#count -= 1;
      this.pass();
    };
    recorded.then(ended, ended);
  }

  /** The room is somebody else's. */
  pass(): void {
    this.#waiting.shift()?.();
  }
}
