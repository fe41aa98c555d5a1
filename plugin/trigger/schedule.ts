import { type ScheduledTask, schedule as scheduleCron } from 'node-cron';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';

/** Runs `work` by a cron expression (UTC), never concurrently in this process. */
export class Schedule {
  readonly #task: ScheduledTask;
  #working: Promise<void> = Promise.resolve();

  constructor(expression: string, work: () => Promise<unknown>, logger: Logger) {
    const run = async () => {
      this.#working = work().then(
        () => undefined,
        (error: unknown) => logger.error({ error: messageOf(error) }, 'the sweep failed'),
      );
      await this.#working;
    };
    this.#task = scheduleCron(expression, run, { timezone: 'Etc/UTC', noOverlap: true });
  }

  async stop(): Promise<void> {
    await this.#task.destroy();
    await this.#working;
  }
}
