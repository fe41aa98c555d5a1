import { setTimeout as wait } from 'node:timers/promises';
import { ArchiverError } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { StartWait } from '../model/startWait.ts';

const FIRST_SAID_MS = 2000;
const SAY_EVERY_MS = 10_000;
const TRY_EVERY_MS = 250;

/** Everything that a start waits for goes through here: what takes long is said, and stopping the plugin ends it. */
export class StartWaits implements StartWait {
  readonly signal: AbortSignal;
  readonly #logger: Pick<Logger, 'warn'>;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor({ signal, logger }: { readonly signal: AbortSignal; readonly logger: Pick<Logger, 'warn'> }) {
    this.signal = signal;
    this.#logger = logger;
  }

  /** `what` ends the sentence "the start waits for …". Throws `ArchiverError('stopped')`; the work itself may go on. */
  async during<Result>(what: string, work: Promise<Result>): Promise<Result> {
    const saying = setTimeout(() => this.#keepSaying(what, ended.signal), FIRST_SAID_MS).unref();
    const ended = new AbortController();
    // Nobody hears of it when it fails after the stop.
    work.catch(() => undefined);
    try {
      return await Promise.race([work, this.#stopped(what, ended.signal)]);
    } finally {
      clearTimeout(saying);
      ended.abort();
    }
  }

  async pause(what: string, ms = TRY_EVERY_MS): Promise<void> {
    this.#say(what);
    await wait(ms, undefined, { signal: this.signal }).catch(() => {
      throw stopped(what);
    });
  }

  #stopped(what: string, ended: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const stop = () => reject(stopped(what));
      if (this.signal.aborted) stop();
      else this.signal.addEventListener('abort', stop, { once: true, signal: ended });
    });
  }

  #keepSaying(what: string, ended: AbortSignal): void {
    this.#say(what);
    const timer = setInterval(() => this.#say(what), SAY_EVERY_MS).unref();
    ended.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  #say(waitsFor: string): void {
    const at = performance.now();
    if (at - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = at;
    this.#logger.warn({ waitsFor }, `the start waits for ${waitsFor}`);
  }
}

const stopped = (what: string) =>
  new ArchiverError('stopped', `The archiver was stopped while it started; it waited for ${what}.`);
