import { setTimeout as wait } from 'node:timers/promises';
import { ArchiverError } from '../../errors.ts';
import { isAboutRows } from '../database/databaseFailed.ts';

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** How calls gather. */
export interface Gathering<Ask> {
  /** Of one group. */
  readonly most: number;
  /** The first call of a group waits so long for more, unless there are enough; left out: not at all. */
  readonly lingerMs?: number;
  /** Of two calls with the same name the second waits for the next group; left out: all may stand together. */
  nameOf?(ask: Ask): string;
  /** So many groups may be under way at a time; left out: one. */
  readonly groups?: number;
}

/**
 * Calls of many that are answered together: while one group is under way, the next gathers. A group that PostgreSQL refuses is
 * asked for one by one: only the call that it objects to fails.
 */
export class GroupedCalls<Ask, Answer> {
  readonly #answerAll: (asks: readonly Ask[]) => Promise<readonly Answer[]>;
  readonly #gathering: Gathering<Ask>;
  #waiting: Waiting<Ask, Answer>[] = [];
  /** Groups under way. */
  #answering = 0;

  /** `answerAll`: answers in the order of the calls. */
  constructor(answerAll: (asks: readonly Ask[]) => Promise<readonly Answer[]>, gathering: Gathering<Ask>) {
    this.#answerAll = answerAll;
    this.#gathering = gathering;
  }

  call(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject });
      if (this.#answering >= (this.#gathering.groups ?? 1)) return;
      this.#answering += 1;
      // What comes in the same turn is of the same group.
      setImmediate(() => void this.#answerWaiting());
    });
  }

  async #answerWaiting(): Promise<void> {
    const { lingerMs = 0, most } = this.#gathering;
    while (this.#waiting.length > 0) {
      if (lingerMs > 0 && this.#waiting.length < most) await wait(lingerMs);
      await this.#answer(this.#nextGroup());
    }
    this.#answering -= 1;
  }

  #nextGroup(): readonly Waiting<Ask, Answer>[] {
    const { most, nameOf } = this.#gathering;
    const names = new Set<unknown>();
    const group: Waiting<Ask, Answer>[] = [];
    const later: Waiting<Ask, Answer>[] = [];
    for (const waiting of this.#waiting) {
      const name = nameOf ? nameOf(waiting.ask) : waiting;
      const fits = group.length < most && !names.has(name);
      (fits ? group : later).push(waiting);
      if (fits) names.add(name);
    }
    this.#waiting = later;
    return group;
  }

  async #answer(group: readonly Waiting<Ask, Answer>[]): Promise<void> {
    try {
      const answers = await this.#answerAll(group.map(({ ask }) => ask));
      for (const [index, { resolve, reject }] of group.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new ArchiverError('database-failed', 'A call of a group was not answered.'));
        else resolve(answer);
      }
    } catch (error) {
      if (group.length > 1 && isAboutRows(error)) for (const one of group) await this.#answer([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
