import { createHook } from 'node:async_hooks';

/** Timers and what else was opened since it began and is still open, whether it keeps the process alive or not. */
export class OpenResources {
  readonly #open = new Map<number, string>();
  readonly #hook;
  #isPaused = false;

  /** `types`: names of async_hooks, such as `Timeout`, `WORKER`, `TCPWRAP`. */
  constructor(types: readonly string[]) {
    this.#hook = createHook({
      init: (id, type) => void (!this.#isPaused && types.includes(type) && this.#open.set(id, type)),
      destroy: (id) => void this.#open.delete(id),
    });
    this.#hook.enable();
  }

  get types(): readonly string[] {
    return [...this.#open.values()].sort();
  }

  /** What is opened from now on is not counted, such as the timers of whoever waits for the rest to close. */
  pause(): void {
    this.#isPaused = true;
  }

  stop(): void {
    this.#hook.disable();
  }
}
