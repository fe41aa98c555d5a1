import type { Database } from './Database.ts';

const READ = 'select cast(extract(epoch from clock_timestamp()) * 1000 as float8) as ms';
const READ_EVERY_MS = 60_000;

/**
 * The time by the database, which all workers share, carried on by a clock that only goes forward: a machine whose own
 * clock is wrong, or is set while it works, neither waits longer nor begins earlier than the others.
 */
export class DatabaseClock {
  readonly #rows: Database['rows'];
  #offsetMs: number;
  readonly #timer: NodeJS.Timeout;

  private constructor(rows: Database['rows'], offsetMs: number) {
    this.#rows = rows;
    this.#offsetMs = offsetMs;
    // Away for a moment: it is read again in a minute.
    this.#timer = setInterval(() => void this.#adjust().catch(() => undefined), READ_EVERY_MS).unref();
  }

  /** Throws `ArchiverError('database-failed')`. */
  static async open({ rows }: Pick<Database, 'rows'>): Promise<DatabaseClock> {
    return new DatabaseClock(rows, (await read(rows)).offsetMs);
  }

  now(): Date {
    return new Date(performance.now() + this.#offsetMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
  }

  /** What differs by less than the question took to be answered is no difference. */
  async #adjust(): Promise<void> {
    const { offsetMs, errorMs } = await read(this.#rows);
    if (Math.abs(offsetMs - this.#offsetMs) > errorMs) this.#offsetMs = offsetMs;
  }
}

async function read(rows: Database['rows']): Promise<{ readonly offsetMs: number; readonly errorMs: number }> {
  const askedAt = performance.now();
  const [row] = await rows<{ ms: number }>('reading the time', READ);
  const errorMs = (performance.now() - askedAt) / 2;
  return { offsetMs: (row?.ms ?? Number.NaN) - askedAt - errorMs, errorMs };
}
