import { ArchiverError } from '../../errors.ts';
import type { ArchivalRecord, Archivals, Recorded } from '../Archivals.ts';
import { isAboutRows } from '../database/databaseFailed.ts';

interface Waiting {
  readonly outcome: ArchivalRecord;
  resolve(recorded: Recorded): void;
  reject(error: unknown): void;
}

/** How groups gather. */
export interface Grouping {
  readonly maxGroup?: number;
  /** What nobody asked for waits so long for more, unless a group is full before. Default: 0. */
  readonly lingerMs?: number;
  /** Groups that are written at the same time, beside one of what was asked for. Default: 1. */
  readonly atATime?: number;
}

const isWaitedFor = ({ outcome }: Waiting): boolean => outcome.lease.archival.lane === 'priority';

/** A group of this size costs PostgreSQL hardly more for each of its records than a larger one. */
const FULL_GROUP = 200;

/**
 * Writes outcomes in groups: while transactions run, the next outcomes gather, and each caller waits for the commit
 * of its own group. What was asked for is written immediately, beside the groups of sweeps if need be, so that a single archival
 * does not wait for others. A group that PostgreSQL or the host refuses is written one by one: only the outcome it objects
 * to fails.
 */
export class GroupedRecorder {
  readonly #archivals: Pick<Archivals, 'record'>;
  readonly #maxGroup: number;
  readonly #lingerMs: number;
  readonly #atATime: number;
  #waiting: Waiting[] = [];
  #lingering: NodeJS.Timeout | null = null;
  /** Groups that are written. */
  #writing = 0;
  #isWritingAsked = false;

  constructor(archivals: Pick<Archivals, 'record'>, { maxGroup = 500, lingerMs = 0, atATime = 1 }: Grouping = {}) {
    this.#archivals = archivals;
    this.#maxGroup = maxGroup;
    this.#lingerMs = lingerMs;
    this.#atATime = atATime;
  }

  record(outcome: ArchivalRecord): Promise<Recorded> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, resolve, reject });
      if (this.#isPressing()) this.#start();
      else this.#linger();
    });
  }

  #linger(): void {
    this.#lingering ??= setTimeout(() => this.#start(), this.#lingerMs);
  }

  /** What comes in the same turn is of the same group. */
  #start(): void {
    if (this.#lingering) clearTimeout(this.#lingering);
    this.#lingering = null;
    if (this.#waiting.length === 0) return;
    if (this.#writing < this.#atATime) {
      this.#writing += 1;
      setImmediate(() => void this.#writeAll());
    } else if (!this.#isWritingAsked && this.#waiting.some(isWaitedFor)) {
      this.#isWritingAsked = true;
      setImmediate(() => void this.#writeAsked());
    }
  }

  async #writeAll(): Promise<void> {
    // Another may have taken what this one was started for.
    let group = this.#nextGroup();
    while (group.length > 0) {
      await this.#writeGroup(group);
      group = this.#isPressing() ? this.#nextGroup() : [];
    }
    this.#writing -= 1;
    if (this.#waiting.length > 0) this.#linger();
  }

  /** Beside the others, what was asked for alone: a small group, which is soon written. */
  async #writeAsked(): Promise<void> {
    let group = this.#nextGroup(isWaitedFor);
    while (group.length > 0) {
      await this.#writeGroup(group);
      group = this.#nextGroup(isWaitedFor);
    }
    this.#isWritingAsked = false;
  }

  #isPressing(): boolean {
    const { length } = this.#waiting;
    if (length === 0) return false;
    return this.#lingerMs === 0 || length >= FULL_GROUP || this.#waiting.some(isWaitedFor);
  }

  /** A resource stands at most once in a group: a set statement must not meet the same row twice. */
  #nextGroup(mayTake: (waiting: Waiting) => boolean = () => true): Waiting[] {
    const ids = new Set<string>();
    const group: Waiting[] = [];
    const later: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { resourceId } = waiting.outcome.lease;
      const fits = mayTake(waiting) && group.length < this.#maxGroup && !ids.has(resourceId);
      (fits ? group : later).push(waiting);
      if (fits) ids.add(resourceId);
    }
    this.#waiting = later;
    return group;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const recorded = await this.#archivals.record(group.map(({ outcome }) => outcome));
      const byId = new Map(recorded.map((one) => [one.resourceId, one]));
      for (const { outcome, resolve, reject } of group) {
        const one = byId.get(outcome.lease.resourceId);
        if (one) resolve(one);
        else
          reject(new ArchiverError('database-failed', `No record was made for resource ${outcome.lease.resourceId}.`));
      }
    } catch (error) {
      if (group.length > 1 && isAboutRows(error)) for (const one of group) await this.#writeGroup([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
