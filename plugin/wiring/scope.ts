import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import { endsWithin } from './endsWithin.ts';

/** For what takes its deadline to the end, and then gives its work back. */
export const CLOSE_GRACE_MS = 1000;

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

  /**
   * Never rejects. What was closed is not closed again. Parts share the deadline; whichever holds up the others beyond it is
   * left to itself, such as a connection to a server that hangs.
   */
  async close(deadlineMs: number): Promise<void> {
    const endAt = performance.now() + deadlineMs + CLOSE_GRACE_MS;
    for (let close = this.#closes.pop(); close; close = this.#closes.pop()) {
      const isInTime = await endsWithin(endAt - performance.now(), this.#closeOne(close, deadlineMs));
      if (!isInTime) this.#logger.warn({ deadlineMs }, 'a part did not stop in time');
    }
  }

  async #closeOne(close: (deadlineMs: number) => Promise<void> | void, deadlineMs: number): Promise<void> {
    try {
      await close(deadlineMs);
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'a part did not stop cleanly');
    }
  }
}
