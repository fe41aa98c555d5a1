import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { NamedLeases } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ClosedGate } from './serviceGate.ts';

const LOOK_AGAIN_MS = 5000;
const PAUSE_MS = 15_000;

/** What is looked at, and where a pause is recorded. */
export interface MemoryPressureDeps {
  readonly config: Pick<Config, 'maxMemoryBytes'>;
  /** What this process has in use. */
  memoryBytes(): number;
  readonly leases: Pick<NamedLeases, 'setPause'>;
  readonly owner: string;
  readonly logger: Logger;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
}

/**
 * Whether the bulk lane must pause because memory runs short (that the disk does closes the gate of both lanes). Looks at
 * most every few seconds; a pause is logged once, and recorded where health and `status` of every process see it.
 */
export class MemoryPressure {
  readonly #deps: MemoryPressureDeps;
  #reason: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: MemoryPressureDeps) {
    this.#deps = deps;
  }

  /** null: go on. */
  async pause(): Promise<ClosedGate | null> {
    const reason = await this.reason();
    return reason === null ? null : { reason, ms: PAUSE_MS };
  }

  /** Why the bulk lane pauses, or null. */
  async reason(): Promise<string | null> {
    const at = this.#deps.elapsedMs();
    if (at - this.#lookedAt < LOOK_AGAIN_MS) return this.#reason;
    this.#lookedAt = at;
    const before = this.#reason;
    this.#reason = this.#look();
    if (this.#reason !== null || before !== null) await this.#report(this.#reason, before);
    return this.#reason;
  }

  async #report(reason: string | null, before: string | null): Promise<void> {
    const { logger, leases, owner } = this.#deps;
    if (reason === null) logger.info({}, 'the bulk lane goes on');
    else if (before === null) logger.warn({ reason }, 'the bulk lane pauses');
    // For operators to read: the lane pauses without it as well.
    await leases.setPause(owner, reason, 4 * PAUSE_MS).catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'a pause could not be recorded');
    });
  }

  #look(): string | null {
    const { config, memoryBytes } = this.#deps;
    const { maxMemoryBytes } = config;
    const bytes = memoryBytes();
    if (maxMemoryBytes <= 0 || bytes <= maxMemoryBytes) return null;
    return `${bytes} bytes of memory are in use, more than ${maxMemoryBytes}`;
  }
}
