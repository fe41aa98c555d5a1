import { SERVICE_REFUSES } from '../decide/pauseReasons.ts';
import { codeOf, messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { NamedLeases } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** What is tried, and where it is told that nothing is fetched. */
export interface ServiceGateDeps {
  readonly config: Pick<Config, 'minFreeBytes'>;
  readonly store: Pick<ArchiveStore, 'stageWhole' | 'discard' | 'freeBytes'>;
  readonly leases: Pick<NamedLeases, 'setPause'>;
  /** Names this process among those that pause. */
  readonly owner: string;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
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
const PROBE = { key: 'archive/probe', body: new Uint8Array([1]), about: { mediaType: null } };

/**
 * A fault of ours is not paid by a publisher: before anybody is asked, store and database are tried. While they refuse,
 * both lanes wait, each time twice as long, and the waiting begins anew only after an archival that ended well.
 */
export class ServiceGate {
  readonly #deps: ServiceGateDeps;
  #problem: Problem | null = null;
  #waitMs = 0;
  #opensAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** What was free when a file did not fit. */
  #tooFewBytes: number | null = null;
  #trying: Promise<void> | null = null;

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

  /** Whoever comes meanwhile waits for the same try. */
  #tryOnce(): Promise<void> {
    this.#trying ??= this.#try().finally(() => {
      this.#trying = null;
    });
    return this.#trying;
  }

  async #try(): Promise<void> {
    const problem = (await this.#lackOfRoom()) ?? (await this.#refusal());
    this.#triedAt = this.#deps.elapsedMs();
    if (problem) return this.#close(problem);
    this.#tooFewBytes = null;
    if (this.#problem) this.#deps.logger.info({}, 'store and database take what is archived again');
    this.#problem = null;
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
    const { store, leases, owner } = this.#deps;
    try {
      await store.discard(await store.stageWhole(PROBE.key, PROBE.body, PROBE.about));
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
