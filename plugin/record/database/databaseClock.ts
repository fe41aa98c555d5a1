import type { Database } from './Database.ts';

const READ = 'select cast(extract(epoch from clock_timestamp()) * 1000 as float8) as ms';
const READ_EVERY_MS = 60_000;
const COMPARE_EVERY_MS = 10_000;
/** What a machine's own clock may be off, as those that nobody sets are. */
const WRONG_MS = 60_000;

/**
 * The time by the database, which all workers share, carried on by a clock that only goes forward: a machine whose own
 * clock is wrong, or is set while it works, neither waits longer nor begins earlier than the others.
 */
export class DatabaseClock {
  readonly #rows: Database['rows'];
  #offsetMs: number;
  readonly #onWrong: (offByMs: number) => void;
  readonly #timers: readonly NodeJS.Timeout[];
  #isWrong = false;

  private constructor(rows: Database['rows'], offsetMs: number, onWrong: (offByMs: number) => void) {
    this.#rows = rows;
    this.#offsetMs = offsetMs;
    this.#onWrong = onWrong;
    this.#compare();
    // Away for a moment: it is read again in a minute.
    const adjust = () => void this.#adjust().catch(() => undefined);
    this.#timers = [setInterval(adjust, READ_EVERY_MS), setInterval(() => this.#compare(), COMPARE_EVERY_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  /**
   * `onWrong`: told, once each time it becomes so, that the machine's own clock is a minute or more before (below 0) or after the
   * database's; that is no error. Throws `ArchiverError('database-failed')`.
   */
  static async open(
    { rows }: Pick<Database, 'rows'>,
    onWrong: (offByMs: number) => void = () => undefined,
  ): Promise<DatabaseClock> {
    // The first question may have to connect before it is asked: what that takes would be taken for the way back.
    const readings = [await read(rows), await read(rows)];
    const [nearest] = readings.sort((one, other) => one.errorMs - other.errorMs);
    return new DatabaseClock(rows, nearest?.offsetMs ?? Number.NaN, onWrong);
  }

  now(): Date {
    return new Date(performance.now() + this.#offsetMs);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #compare(): void {
    const offByMs = Math.round(Date.now() - this.now().getTime());
    const isWrong = Math.abs(offByMs) >= WRONG_MS;
    if (isWrong && !this.#isWrong) this.#onWrong(offByMs);
    this.#isWrong = isWrong;
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
