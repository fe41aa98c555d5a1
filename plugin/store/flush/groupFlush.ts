import type { FileSystem } from './fileSystem.ts';

/** So few are flushed file by file: that takes less than a flush of everything, and others' writes do not delay it. */
const MOST_ALONE = 2;
/** A flush that takes longer waits for the writes of somebody else. */
const SLOW_MS = 500;
/** After a slow or a failed flush nobody is flushed in a group for so long; twice as long after the next one. */
const SHORTEST_REST_MS = 5000;
const LONGEST_REST_MS = 300_000;

/** What a test sets; left out otherwise. */
export interface GroupFlushOptions {
  readonly slowMs?: number;
  /** Milliseconds that only go forward. */
  readonly elapsedMs?: () => number;
}

interface Waiter {
  readonly alone: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Flushes of a whole file system, each shared by all who wait for one.
 *
 * - Who waits is answered by the first flush that begins after the call; those who come while one is under way share the next.
 * - A flush that fails may have lost what anybody wrote before its end, and no later flush tells of it again: it fails for those
 *   who wait for it and for those who came meanwhile.
 * - One that is slow is not waited for any more: each flushes by itself, and hears of its own file from its own descriptor.
 */
export class GroupFlush {
  readonly #fileSystem: FileSystem;
  readonly #slowMs: number;
  readonly #elapsedMs: () => number;
  /** For the next flush. */
  #waiting: Waiter[] = [];
  /** For the flush under way. */
  #sharing: Waiter[] = [];
  #alone = 0;
  #isScheduled = false;
  #isRunning = false;
  /** The flush under way is not waited for any more. */
  #isSlow = false;
  #isClosed = false;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #restMs = SHORTEST_REST_MS;

  constructor(
    fileSystem: FileSystem,
    { slowMs = SLOW_MS, elapsedMs = () => performance.now() }: GroupFlushOptions = {},
  ) {
    this.#fileSystem = fileSystem;
    this.#slowMs = slowMs;
    this.#elapsedMs = elapsedMs;
  }

  /** Whether a file lies where this flushes: another file system may have been mounted there meanwhile. */
  reaches(device: number): boolean {
    return device === this.#fileSystem.device;
  }

  /** What was written before the call is on the disk when it resolves. `alone` does the same for the caller's files only. */
  flush(alone: () => Promise<void>): Promise<void> {
    if (this.#isClosed || this.#isSlow || this.#elapsedMs() < this.#restsUntil) return alone();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ alone, resolve, reject });
      this.#schedule();
    });
  }

  /** Lets go of the file system, once no flush is under way; waits for nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const waiter of this.#waiting.splice(0)) this.#flushAlone(waiter);
    if (!this.#isRunning) this.#fileSystem.close();
  }

  /** Who calls in the same turn shares the flush. */
  #schedule(): void {
    if (this.#isRunning || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  #start(): void {
    const waiters = this.#waiting.splice(0);
    if (waiters.length + this.#alone > MOST_ALONE) void this.#flushTogether(waiters);
    else for (const waiter of waiters) this.#flushAlone(waiter);
  }

  #flushAlone({ alone, resolve, reject }: Waiter): void {
    this.#alone += 1;
    const left = () => {
      this.#alone -= 1;
    };
    void alone().then(resolve, reject).finally(left);
  }

  async #flushTogether(waiters: Waiter[]): Promise<void> {
    this.#isRunning = true;
    this.#sharing = waiters;
    const timer = setTimeout(() => this.#stopWaiting(), this.#slowMs);
    try {
      await this.#fileSystem.flush();
      for (const { resolve } of this.#sharing.splice(0)) resolve();
      this.#ended(this.#isSlow);
    } catch (error) {
      for (const { reject } of [...this.#sharing.splice(0), ...this.#waiting.splice(0)]) reject(error);
      this.#ended(true);
    } finally {
      clearTimeout(timer);
    }
  }

  #stopWaiting(): void {
    this.#isSlow = true;
    for (const waiter of [...this.#sharing.splice(0), ...this.#waiting.splice(0)]) this.#flushAlone(waiter);
  }

  #ended(rests: boolean): void {
    this.#isRunning = false;
    this.#isSlow = false;
    if (rests) this.#restsUntil = this.#elapsedMs() + this.#restMs;
    this.#restMs = rests ? Math.min(this.#restMs * 2, LONGEST_REST_MS) : SHORTEST_REST_MS;
    if (this.#isClosed) this.#fileSystem.close();
    else if (this.#waiting.length > 0) this.#schedule();
  }
}
