import { randomUUID } from 'node:crypto';
import { BaseNotificationChannel, type JobNotification, toJobId } from 'agenda';
import type pg from 'pg';
import type { Listen } from './Listen.ts';
import type { QueueClock } from './queueClock.ts';

interface Notification {
  readonly jobName: string;
  readonly startAt: string | null;
  /** The process that sent it; it knows already. */
  readonly from: string;
}

/**
 * Tells all processes that a job was added, through PostgreSQL whichever server keeps the jobs: it is there in any case,
 * and reaches every process. Only hints: who misses one finds the job at its next look into the queue. So nothing here
 * ever fails a job, and a lost connection is made again for as long as it takes.
 */
export class JobNotifications extends BaseNotificationChannel {
  readonly #pool: pg.Pool;
  readonly #listen: Listen;
  readonly #clock: QueueClock;
  readonly #id = randomUUID();
  readonly #unsent = new Map<string, Notification>();
  #stopListening: (() => Promise<void>) | null = null;
  #isSending = false;

  constructor(options: {
    readonly pool: pg.Pool;
    readonly listen: Listen;
    readonly channelName: string;
    readonly clock: QueueClock;
  }) {
    super({ channelName: options.channelName });
    this.#pool = options.pool;
    this.#listen = options.listen;
    this.#clock = options.clock;
  }

  override async connect(): Promise<void> {
    this.setState('connected');
    this.#stopListening ??= await this.#listen(this.config.channelName, (payload) => this.#hear(payload));
  }

  override async disconnect(): Promise<void> {
    this.setState('disconnected');
    this.handlers.clear();
    await this.#stopListening?.();
    this.#stopListening = null;
  }

  /** While one message is on its way, the next ones of the same kind become one: a thousand jobs need no thousand. */
  override async publish({ jobName, nextRunAt }: JobNotification): Promise<void> {
    const startAt = nextRunAt?.toISOString() ?? null;
    const notice = this.#unsent.get(jobName);
    if (!notice || isEarlier(startAt, notice.startAt)) this.#unsent.set(jobName, { jobName, startAt, from: this.#id });
    void this.notifyHandlers(hint(jobName, nextRunAt && this.#clock.toLocal(nextRunAt)));
    if (!this.#isSending) void this.#send();
  }

  /** Nobody listens to the states of jobs: the records say more, and within the transaction. */
  async publishState(): Promise<void> {}

  /** Looks into the queue now, in this process alone. */
  pollNow(jobName: string): void {
    void this.notifyHandlers(hint(jobName, null));
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (const [jobName, notice] of this.#unsent) {
      this.#unsent.delete(jobName);
      await this.#pool
        .query('select pg_notify($1, $2)', [this.config.channelName, JSON.stringify(notice)])
        .catch(() => undefined);
    }
    this.#isSending = false;
  }

  /** null, after a connect: what was missed meanwhile is found at the next look into the queue. */
  #hear(payload: string | null): void {
    if (payload === null) return;
    const { jobName, startAt, from }: Notification = JSON.parse(payload);
    if (from !== this.#id)
      void this.notifyHandlers(hint(jobName, startAt === null ? null : this.#clock.toLocal(new Date(startAt))));
  }
}

function hint(jobName: string, nextRunAt: Date | null): JobNotification {
  return { jobId: toJobId(''), jobName, nextRunAt, priority: 0, timestamp: new Date() };
}

function isEarlier(one: string | null, other: string | null): boolean {
  return other !== null && (one === null || one < other);
}
