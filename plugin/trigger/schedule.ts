import { createTask, type ScheduledTask } from 'node-cron';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';

/** What is done, when, and who is told what goes wrong. */
export interface ScheduleDeps {
  /** For the log: `the sweep`. */
  readonly name: string;
  /** A cron expression, in UTC. */
  readonly expression: string;
  work(): Promise<unknown>;
  now(): Date;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

const SECOND_MS = 1000;
/** Later than this after its time, as after a machine slept, is worth a line. */
const LATE_MS = 60_000;
/** No more of the past is made up for. */
const LOOK_BACK_MS = 24 * 3600 * SECOND_MS;

/**
 * Runs `work` by a cron expression, never concurrently in this process. It looks each second whether a time has come, by
 * the clock that it is given: a timer that node-cron sets by the machine's clock would fire an hour late when that clock is
 * set back by an hour. Times that were missed together are made up for once.
 */
export class Schedule {
  readonly #deps: ScheduleDeps;
  readonly #task: ScheduledTask;
  readonly #timer: NodeJS.Timeout;
  /** All times up to this second were looked at. */
  #lookedAt: number;
  #working: Promise<void> | null = null;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
    this.#task = createTask(deps.expression, () => undefined, { timezone: 'Etc/UTC' });
    this.#lookedAt = secondOf(deps.now());
    this.#timer = setInterval(() => this.#look(), SECOND_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#task.destroy();
    await this.#working;
  }

  #look(): void {
    const now = secondOf(this.#deps.now());
    const missedAt = this.#nextTime(Math.max(this.#lookedAt, now - LOOK_BACK_MS), now);
    this.#lookedAt = now;
    if (missedAt === null || this.#working) return;
    const lateMs = now - missedAt;
    if (lateMs >= LATE_MS) this.#deps.logger.info({ work: this.#deps.name, lateMs }, 'scheduled work begins late');
    this.#working = this.#work();
  }

  /** The first one after `from`, up to `to`; null: there is none. A clock that was set back has nothing to make up for. */
  #nextTime(from: number, to: number): number | null {
    for (let time = from + SECOND_MS; time <= to; time += SECOND_MS) if (this.#task.match(new Date(time))) return time;
    return null;
  }

  async #work(): Promise<void> {
    try {
      await this.#deps.work();
    } catch (error) {
      this.#deps.logger.error({ work: this.#deps.name, error: messageOf(error) }, 'scheduled work failed');
    } finally {
      this.#working = null;
    }
  }
}

const secondOf = (date: Date): number => Math.floor(date.getTime() / SECOND_MS) * SECOND_MS;
