import type { Config } from './config.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './portal/Portal.ts';
import type { ArchiveStore } from './store/ArchiveStore.ts';

const LOOK_AGAIN_MS = 5000;
const PAUSE_MS = 15_000;

/** Whether the bulk lane must pause because disk or memory run short. Looks at most every few seconds, and says so once. */
export class Pressure {
  readonly #config: Pick<Config, 'minFreeBytes' | 'maxMemoryBytes'>;
  readonly #store: Pick<ArchiveStore, 'freeBytes'>;
  readonly #logger: Logger;
  #reason: string | null = null;
  #lookedAt = 0;

  constructor(
    config: Pick<Config, 'minFreeBytes' | 'maxMemoryBytes'>,
    store: Pick<ArchiveStore, 'freeBytes'>,
    logger: Logger,
  ) {
    this.#config = config;
    this.#store = store;
    this.#logger = logger;
  }

  /** null: go on. */
  async pauseMs(): Promise<number | null> {
    return (await this.reason()) === null ? null : PAUSE_MS;
  }

  /** Why the bulk lane pauses, or null. */
  async reason(): Promise<string | null> {
    if (Date.now() - this.#lookedAt < LOOK_AGAIN_MS) return this.#reason;
    this.#lookedAt = Date.now();
    const reason = await this.#look();
    if (reason !== null && this.#reason === null) this.#logger.warn({ reason }, 'the bulk lane pauses');
    if (reason === null && this.#reason !== null) this.#logger.info({}, 'the bulk lane goes on');
    this.#reason = reason;
    return reason;
  }

  async #look(): Promise<string | null> {
    const { minFreeBytes, maxMemoryBytes } = this.#config;
    const memory = process.memoryUsage.rss();
    if (maxMemoryBytes > 0 && memory > maxMemoryBytes)
      return `${memory} bytes of memory are in use, more than ${maxMemoryBytes}`;
    try {
      const free = await this.#store.freeBytes();
      return free !== null && free < minFreeBytes
        ? `the store has ${free} bytes free, less than ${minFreeBytes}`
        : null;
    } catch (error) {
      return `the store does not tell its free space: ${messageOf(error)}`;
    }
  }
}
