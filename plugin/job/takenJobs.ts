import type { JobParameters } from 'agenda';

/** Jobs that were taken together, handed out one by one as Agenda asks for them. */
export class TakenJobs {
  readonly #ready = new Map<string, JobParameters[]>();
  readonly #taking = new Map<string, Promise<void>>();

  /** Who comes while others are taken waits for these. undefined: none is to be started. */
  async next(jobName: string, take: () => Promise<readonly JobParameters[]>): Promise<JobParameters | undefined> {
    const ready = this.#readyOf(jobName);
    if (ready.length === 0) await (this.#taking.get(jobName) ?? this.#fill(jobName, take));
    return ready.shift();
  }

  #fill(jobName: string, take: () => Promise<readonly JobParameters[]>): Promise<void> {
    const taking = take()
      .then((taken) => void this.#readyOf(jobName).push(...taken))
      .finally(() => this.#taking.delete(jobName));
    this.#taking.set(jobName, taking);
    return taking;
  }

  #readyOf(jobName: string): JobParameters[] {
    const ready = this.#ready.get(jobName) ?? [];
    this.#ready.set(jobName, ready);
    return ready;
  }
}
