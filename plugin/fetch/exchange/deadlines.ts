import type { Config } from '../../settings/Config.ts';
import { type Failure, failure } from '../outcome/failure.ts';

/** The time limits of one attempt, in milliseconds, and its least speed. */
export type DeadlineSettings = Pick<
  Config,
  'firstByteTimeoutMs' | 'idleTimeoutMs' | 'totalTimeoutMs' | 'minBytesPerSecond' | 'minSpeedWindowMs'
>;

/** The least speed while others wait for a place, which holds for all attempts of a fetcher; 0: there is none. */
export interface SpeedFloor {
  bytesPerSecond: number;
}

const FLOOR_WINDOW_MS = 10_000;
const NO_FLOOR: SpeedFloor = { bytesPerSecond: 0 };

type Phase = 'none' | 'head' | 'body';

/**
 * Every clock of one attempt behind one timer: head of the response, silence, speed, total. It is set once for the soonest that any
 * of them may end, and looks at them when it fires: nearly every attempt is over by then, and has paid for one timer.
 */
export class Deadlines {
  readonly #settings: DeadlineSettings;
  readonly #floor: Readonly<SpeedFloor>;
  readonly #endAt: number;
  #phase: Phase = 'none';
  #expire: ((failure: Failure) => void) | null = null;
  #headAt = 0;
  #lastByteAt = 0;
  #windowAt = 0;
  #windowBytes = 0;
  #floorAt = 0;
  #floorBytes = 0;
  #pausedAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  /** `floor` is looked at again and again. */
  constructor(settings: DeadlineSettings, floor: Readonly<SpeedFloor> = NO_FLOOR) {
    this.#settings = settings;
    this.#floor = floor;
    this.#endAt = performance.now() + settings.totalTimeoutMs;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endAt - performance.now());
  }

  /** Waiting for a connection: it has a deadline of its own, so only the total counts. */
  connecting(expire: (failure: Failure) => void): void {
    this.#enter('none', expire);
    this.#schedule(Math.min(this.#endAt, performance.now() + this.#soonestMs()));
  }

  /** The request is written: now the whole head must come, however it drips. */
  sent(): void {
    if (!this.#expire) return;
    this.#phase = 'head';
    this.#headAt = performance.now() + this.#settings.firstByteTimeoutMs;
    this.#schedule(Math.min(this.#headAt, this.#endAt));
  }

  /** The final head has come: silence and speed count from here. */
  headed(): void {
    if (!this.#expire) return;
    this.#phase = 'body';
    this.#restart(performance.now());
    this.#schedule(this.#nextAt());
  }

  /** Bytes of the body came. */
  progress(bytes: number): void {
    this.#windowBytes += bytes;
    this.#floorBytes += bytes;
    this.#lastByteAt = performance.now();
  }

  /** We are the slow ones now (the store): the server's clocks stand still. */
  pause(): void {
    this.#pausedAt ??= performance.now();
  }

  resume(): void {
    if (this.#pausedAt === null) return;
    const heldMs = performance.now() - this.#pausedAt;
    this.#pausedAt = null;
    this.#lastByteAt += heldMs;
    this.#windowAt += heldMs;
    this.#floorAt += heldMs;
    if (this.#expire) this.#schedule(this.#nextAt());
  }

  /** The exchange is over; the total goes on counting. */
  leave(): void {
    this.#phase = 'none';
    this.#expire = null;
    this.#pausedAt = null;
  }

  /** Resolves after `ms`, or earlier when the total time ends or the signal aborts; never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, this.remainingMs));
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** The attempt is over. */
  close(): void {
    this.leave();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The failure of an attempt whose total time has ended; null while there is some left. */
  get overdue(): Failure | null {
    if (performance.now() < this.#endAt) return null;
    return failure('timeout', `The transfer was not complete after ${duration(this.#settings.totalTimeoutMs)}.`);
  }

  #enter(phase: Phase, expire: (failure: Failure) => void): void {
    this.#phase = phase;
    this.#expire = expire;
    this.#pausedAt = null;
  }

  #restart(now: number): void {
    this.#lastByteAt = now;
    this.#windowAt = now;
    this.#windowBytes = 0;
    this.#floorAt = now;
    this.#floorBytes = 0;
  }

  #soonestMs(): number {
    const { firstByteTimeoutMs, idleTimeoutMs, minBytesPerSecond, minSpeedWindowMs } = this.#settings;
    const speedMs = minBytesPerSecond > 0 ? minSpeedWindowMs : FLOOR_WINDOW_MS;
    return Math.min(firstByteTimeoutMs, idleTimeoutMs, speedMs, FLOOR_WINDOW_MS);
  }

  #nextAt(): number {
    const { idleTimeoutMs, minBytesPerSecond, minSpeedWindowMs } = this.#settings;
    if (this.#phase === 'head') return Math.min(this.#headAt, this.#endAt);
    if (this.#phase === 'none' || this.#pausedAt !== null) return this.#endAt;
    const speedAt = minBytesPerSecond > 0 ? this.#windowAt + minSpeedWindowMs : Number.POSITIVE_INFINITY;
    return Math.min(this.#endAt, this.#lastByteAt + idleTimeoutMs, speedAt, this.#floorAt + FLOOR_WINDOW_MS);
  }

  #schedule(at: number): void {
    if (this.#timer) {
      if (this.#timerAt <= at) return;
      clearTimeout(this.#timer);
    }
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#check(), Math.max(1, at - performance.now()));
  }

  #check(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (!this.#expire) return;
    const expired = this.#expired(performance.now());
    if (!expired) this.#schedule(this.#nextAt());
    else {
      const expire = this.#expire;
      this.leave();
      expire(expired);
    }
  }

  #expired(now: number): Failure | null {
    const { firstByteTimeoutMs, idleTimeoutMs } = this.#settings;
    if (this.overdue) return this.overdue;
    if (this.#phase === 'head' && now >= this.#headAt) {
      return failure('timeout', `No complete head of an answer came within ${duration(firstByteTimeoutMs)}.`);
    }
    if (this.#phase !== 'body' || this.#pausedAt !== null) return null;
    if (now >= this.#lastByteAt + idleTimeoutMs) {
      return failure('timeout', `The server sent nothing for ${duration(idleTimeoutMs)} in the middle of the body.`);
    }
    return this.#tooSlow(now) ?? this.#belowFloor(now);
  }

  #belowFloor(now: number): Failure | null {
    if (now < this.#floorAt + FLOOR_WINDOW_MS) return null;
    const speed = this.#floorBytes / ((now - this.#floorAt) / 1000);
    this.#floorAt = now;
    this.#floorBytes = 0;
    const { bytesPerSecond } = this.#floor;
    if (speed >= bytesPerSecond) return null;
    const came = `Only ${Math.round(speed)} bytes a second came over ${duration(FLOOR_WINDOW_MS)}`;
    return failure('too-slow', `${came} while others waited; the least accepted then is ${bytesPerSecond}.`);
  }

  #tooSlow(now: number): Failure | null {
    const { minBytesPerSecond, minSpeedWindowMs } = this.#settings;
    if (minBytesPerSecond <= 0 || now < this.#windowAt + minSpeedWindowMs) return null;
    const seconds = (now - this.#windowAt) / 1000;
    const speed = this.#windowBytes / seconds;
    this.#windowAt = now;
    this.#windowBytes = 0;
    if (speed >= minBytesPerSecond) return null;
    return failure(
      'too-slow',
      `Only ${Math.round(speed)} bytes a second came over ${duration(minSpeedWindowMs)}; the least accepted is ${minBytesPerSecond}.`,
    );
  }
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
