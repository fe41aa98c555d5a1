import { ArchiverError } from '../../errors.ts';
import type { ArchivalRecord, Archivals, Recorded } from '../Archivals.ts';
import { isAboutRows } from '../database/databaseFailed.ts';

interface Waiting {
  readonly outcome: ArchivalRecord;
  resolve(recorded: Recorded): void;
  reject(error: unknown): void;
}

/**
 * Writes outcomes in groups: while one transaction runs, the next outcomes gather, and each caller waits for the commit
 * of its own group. An idle recorder writes immediately, so that a single archival does not wait for others.
 * A group that PostgreSQL or the host refuses is written one by one: only the outcome it objects to fails.
 */
export class GroupedRecorder {
  readonly #archivals: Pick<Archivals, 'record'>;
  readonly #maxGroup: number;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(archivals: Pick<Archivals, 'record'>, maxGroup = 500) {
    this.#archivals = archivals;
    this.#maxGroup = maxGroup;
  }

  record(outcome: ArchivalRecord): Promise<Recorded> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, resolve, reject });
      if (!this.#writing) {
        this.#writing = true;
        setImmediate(() => void this.#writeAll());
      }
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeGroup(this.#nextGroup());
    this.#writing = false;
  }

  /** A resource stands at most once in a group: a set statement must not meet the same row twice. */
  #nextGroup(): Waiting[] {
    const ids = new Set<string>();
    const group: Waiting[] = [];
    const later: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { resourceId } = waiting.outcome.lease;
      const fits = group.length < this.#maxGroup && !ids.has(resourceId);
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
