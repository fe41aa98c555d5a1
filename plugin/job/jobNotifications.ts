import { randomUUID } from 'node:crypto';
import { BaseNotificationChannel, type JobNotification, toJobId } from 'agenda';
import pg from 'pg';

interface Notification {
  readonly jobName: string;
  readonly startAt: string | null;
  /** Who tells; it knows already. */
  readonly from: string;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/**
 * Tells all processes that a job was added, through PostgreSQL whichever server keeps the jobs: it is there in any case,
 * and reaches every process. Only hints: who misses one finds the job at its next look into the queue. So nothing here
 * ever fails a job, and a lost connection is made again for as long as it takes.
 */
export class JobNotifications extends BaseNotificationChannel {
  readonly #pool: pg.Pool;
  readonly #connection: string | pg.PoolConfig;
  readonly #id = randomUUID();
  readonly #untold = new Map<string, Notification>();
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #isTelling = false;
  #isOpen = false;

  constructor(options: {
    readonly pool: pg.Pool;
    readonly connection: string | pg.PoolConfig;
    readonly channelName: string;
  }) {
    super({ channelName: options.channelName });
    this.#pool = options.pool;
    this.#connection = options.connection;
  }

  override async connect(): Promise<void> {
    this.#isOpen = true;
    this.setState('connected');
    await this.#listen();
  }

  override async disconnect(): Promise<void> {
    this.#isOpen = false;
    this.setState('disconnected');
    this.handlers.clear();
    if (this.#timer) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  /** While one message is on its way, the next ones of the same kind become one: a thousand jobs need no thousand. */
  override async publish({ jobName, nextRunAt }: JobNotification): Promise<void> {
    const startAt = nextRunAt?.toISOString() ?? null;
    const told = this.#untold.get(jobName);
    if (!told || isEarlier(startAt, told.startAt)) this.#untold.set(jobName, { jobName, startAt, from: this.#id });
    void this.notifyHandlers(hint(jobName, nextRunAt));
    if (!this.#isTelling) void this.#tell();
  }

  /** Nobody listens to the states of jobs: the records tell more, and tell it in the transaction. */
  async publishState(): Promise<void> {}

  /** Looks into the queue now, in this process alone. */
  pollNow(jobName: string): void {
    void this.notifyHandlers(hint(jobName, null));
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    for (const [jobName, told] of this.#untold) {
      this.#untold.delete(jobName);
      await this.#pool
        .query('select pg_notify($1, $2)', [this.config.channelName, JSON.stringify(told)])
        .catch(() => undefined);
    }
    this.#isTelling = false;
  }

  async #listen(): Promise<void> {
    const client = new pg.Client(this.#connection);
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    client.on('error', () => this.#again(client));
    client.on('end', () => this.#again(client));
    this.#client = client;
    try {
      await client.connect();
      await client.query(`listen ${pg.escapeIdentifier(this.config.channelName)}`);
      this.#waitMs = FIRST_WAIT_MS;
    } catch {
      this.#again(client);
    }
  }

  #again(lost: pg.Client): void {
    if (!this.#isOpen || this.#client !== lost) return;
    this.#client = null;
    lost.end().catch(() => undefined);
    this.#timer = setTimeout(() => void this.#listen(), this.#waitMs);
    this.#timer.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  #hear(payload: string): void {
    const { jobName, startAt, from }: Notification = JSON.parse(payload);
    if (from !== this.#id) void this.notifyHandlers(hint(jobName, startAt === null ? null : new Date(startAt)));
  }
}

function hint(jobName: string, nextRunAt: Date | null): JobNotification {
  return { jobId: toJobId(''), jobName, nextRunAt, priority: 0, timestamp: new Date() };
}

function isEarlier(one: string | null, other: string | null): boolean {
  return other !== null && (one === null || one < other);
}
