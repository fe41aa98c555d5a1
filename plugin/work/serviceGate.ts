import { SERVICE_REFUSES } from '../decide/pauseReasons.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { NamedLeases } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** What is tried, and where it is told that nothing is fetched. */
export interface ServiceGateDeps {
  readonly config: Pick<Config, 'minFreeBytes'>;
  readonly store: Pick<ArchiveStore, 'freeBytes'>;
  /** Whether the store takes bytes: throws where it does not. */
  probe(): Promise<void>;
  readonly leases: Pick<NamedLeases, 'setPause'>;
  /** Names this process among those that pause. */
  readonly owner: string;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Store and database take everything again, and nobody has been asked yet: what is held is made sure of. */
  opening?(): Promise<void>;
  /** It is open: what waited need wait no longer. */
  opened?(): void;
}

/** Why no publisher is to be asked, and when to ask again. */
export interface ClosedGate {
  /** For everybody to read. */
  readonly reason: string;
  readonly ms: number;
}

interface Problem {
  readonly reason: string;
  /** For the operator's log. */
  readonly detail: string;
}

const TRUST_MS = 5000;
const SHORTEST_MS = 1000;
const LONGEST_MS = 3_600_000;
const WARN_EVERY_MS = 10_000;
/** A pause is shown for so long beyond its end, so that it does not flicker while the next try is made. */
const SHOWN_BEYOND_MS = 60_000;
/** A file did not fit: so much more must be free than was free then. */
const ROOM_BYTES = 1_048_576;

/**
 * A fault of ours is not paid by a publisher: before anybody is asked, store and database are tried. While they refuse,
 * both lanes wait, each time twice as long, and the waiting begins again only after an archival that ended well.
 */
export class ServiceGate {
  readonly #deps: ServiceGateDeps;
  #problem: Problem | null = null;
  /** The last try was refused; false: archivals fail although tries go through. */
  #isTryRefused = false;
  #waitMs = 0;
  #opensAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** What was free when a file did not fit. */
  #tooFewBytes: number | null = null;
  #trying: Promise<boolean> | null = null;

  constructor(deps: ServiceGateDeps) {
    this.#deps = deps;
  }

  /** null: go on. */
  async closed(): Promise<ClosedGate | null> {
    const at = this.#deps.elapsedMs();
    const isDue = this.#problem === null ? at - this.#triedAt >= TRUST_MS : at >= this.#opensAt;
    if (isDue) await this.#tryOnce();
    const problem = this.#problem;
    return problem && { reason: problem.reason, ms: Math.max(this.#opensAt - this.#deps.elapsedMs(), SHORTEST_MS) };
  }

  /** An archival ended with this error; true: a service of ours refused it, and nobody is asked until it is tried again. */
  async failed(error: unknown): Promise<boolean> {
    const code = codeOf(error);
    if (code !== 'store-failed' && code !== 'database-failed') return false;
    if (/ENOSPC|EDQUOT/.test(messageOf(error)))
      this.#tooFewBytes = await this.#deps.store.freeBytes().catch(() => null);
    await this.#close({ reason: SERVICE_REFUSES, detail: messageOf(error) });
    return true;
  }

  /** An archival was recorded. */
  succeeded(): void {
    if (this.#problem === null) this.#waitMs = 0;
  }

  /** What was refused is taken now, and is recorded. */
  async recovered(): Promise<void> {
    this.#waitMs = 0;
    await this.#open();
  }

  /**
   * While it is closed: tries before the wait is over, for a try costs nobody anything. What a try found refused opens
   * it when a try goes through. false: this try was refused.
   */
  async tryAgain(): Promise<boolean> {
    return this.#problem === null || this.#tryOnce();
  }

  /** A caller that comes meanwhile waits for the same try. */
  #tryOnce(): Promise<boolean> {
    this.#trying ??= this.#try().finally(() => {
      this.#trying = null;
    });
    return this.#trying;
  }

  async #try(): Promise<boolean> {
    const problem = (await this.#lackOfRoom()) ?? (await this.#refusal());
    this.#triedAt = this.#deps.elapsedMs();
    if (problem) await this.#close(problem);
    else if (this.#isTryRefused || this.#triedAt >= this.#opensAt) await this.#open();
    this.#isTryRefused = problem !== null;
    return problem === null;
  }

  async #open(): Promise<void> {
    if (this.#problem === null) return;
    const { logger, opening, opened } = this.#deps;
    await opening?.();
    this.#problem = null;
    this.#tooFewBytes = null;
    logger.info({}, 'store and database take what is archived again');
    opened?.();
  }

  async #lackOfRoom(): Promise<Problem | null> {
    const { config, store } = this.#deps;
    const free = await store.freeBytes().catch(() => null);
    const { minFreeBytes } = config;
    const needed = this.#tooFewBytes === null ? minFreeBytes : Math.max(minFreeBytes, this.#tooFewBytes + ROOM_BYTES);
    if (free === null || free >= needed) return null;
    const reason = `the store has ${free} bytes free, less than ${needed}`;
    return { reason, detail: reason };
  }

  async #refusal(): Promise<Problem | null> {
    const { probe, leases, owner } = this.#deps;
    try {
      await probe();
      // A statement that writes: a database that may only be read fails here.
      await leases.setPause(nameOf(owner), null, 0);
      return null;
    } catch (error) {
      return { reason: SERVICE_REFUSES, detail: messageOf(error) };
    }
  }

  async #close(problem: Problem): Promise<void> {
    const { leases, owner, logger, elapsedMs } = this.#deps;
    const at = elapsedMs();
    // Several archivals that failed together are one failure.
    if (this.#problem === null || at >= this.#opensAt) {
      this.#waitMs = Math.min(Math.max(2 * this.#waitMs, SHORTEST_MS), LONGEST_MS);
      this.#opensAt = at + this.#waitMs;
    }
    this.#problem = problem;
    if (at - this.#warnedAt >= WARN_EVERY_MS) {
      this.#warnedAt = at;
      logger.warn({ error: problem.detail, waitMs: this.#waitMs }, 'nothing is fetched: a service of ours refuses');
    }
    // For operators to read; a database that is away is seen by its own check.
    await leases.setPause(nameOf(owner), problem.reason, this.#waitMs + SHOWN_BEYOND_MS).catch(() => undefined);
  }
}

const nameOf = (owner: string): string => `${owner} store`;
