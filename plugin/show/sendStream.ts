import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { ArchiverError, codeOf } from '../errors.ts';

/** How slow a reader may be before it is cut off. */
export interface ReaderLimits {
  /** Longest time in which nothing is taken. */
  readonly idleTimeoutMs: number;
  /** Least speed on average, counted after the first idle time; 0: any. */
  readonly minBytesPerSecond: number;
}

/** How a reader fared: it took everything, left early, or was too slow and cut off. */
export type SendResult = 'sent' | 'left' | 'too-slow';

/**
 * Sends a stream and closes it however that ends. Throws what reading it throws, and `store-failed` when the store sends
 * nothing for the idle time.
 */
export async function sendStream(stream: Readable, response: Response, limits: ReaderLimits): Promise<SendResult> {
  const watch = new ReaderWatch(stream, response, limits);
  try {
    await pipeline(stream, response);
    return 'sent';
  } catch (error) {
    if (watch.wasTooSlow) return 'too-slow';
    if (isPrematureClose(error)) return 'left';
    throw error;
  } finally {
    watch.stop();
  }
}

/** The reader hung up: the only end of a pipeline that neither side has an error for. */
const isPrematureClose = (error: unknown): boolean => codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE';

/** Ends what does not move: chunks come as fast as the reader takes them and the store has them. */
class ReaderWatch {
  wasTooSlow = false;
  readonly #stream: Readable;
  readonly #response: Response;
  readonly #limits: ReaderLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #movedAt = this.#startedAt;
  #bytes = 0;

  constructor(stream: Readable, response: Response, limits: ReaderLimits) {
    this.#stream = stream;
    this.#response = response;
    this.#limits = limits;
    // Paused, so that counting does not start the flow before somebody takes it.
    stream.pause().on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      this.#movedAt = performance.now();
    });
    this.#timer = setInterval(() => this.#check(performance.now()), limits.idleTimeoutMs / 4).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(now: number): void {
    const { idleTimeoutMs, minBytesPerSecond } = this.#limits;
    const elapsedMs = now - this.#startedAt;
    const isIdle = now - this.#movedAt > idleTimeoutMs;
    const isSlow = elapsedMs > idleTimeoutMs && this.#bytes * 1000 < minBytesPerSecond * elapsedMs;
    if (!isIdle && !isSlow) return;
    if (this.#response.writableLength > 0) {
      this.wasTooSlow = true;
      this.#response.destroy();
    } else if (isIdle) {
      this.#stream.destroy(new ArchiverError('store-failed', `The store sent nothing for ${idleTimeoutMs} ms.`));
    }
  }
}
