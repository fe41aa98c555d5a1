import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';

/** What is opened with the plugin and closed with it. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * What was opened, to be closed in reverse. Each part goes in as soon as it exists, so that a start which fails half-way
 * closes exactly what it had opened; a part that does not close cleanly is logged and holds up none of the others.
 */
export class Scope {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #closes: ((deadlineMs: number) => Promise<void> | void)[] = [];

  constructor(logger: Pick<Logger, 'warn'>) {
    this.#logger = logger;
  }

  /** Answers what it was given. */
  add<Part extends Closable>(part: Part): Part {
    this.#closes.push(() => part.close());
    return part;
  }

  /** For what is closed in a way of its own; `close` is told how many milliseconds running work may take to end. */
  defer(close: (deadlineMs: number) => Promise<void> | void): void {
    this.#closes.push(close);
  }

  /** Never rejects. What was closed is not closed again. */
  async close(deadlineMs: number): Promise<void> {
    for (let close = this.#closes.pop(); close; close = this.#closes.pop()) {
      try {
        await close(deadlineMs);
      } catch (error) {
        this.#logger.warn({ error: messageOf(error) }, 'a part did not stop cleanly');
      }
    }
  }
}
