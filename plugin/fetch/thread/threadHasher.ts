import type { ArchiverError } from '../../errors.ts';
import type { BodyHasher, BodyHashes } from '../digest/bodyHasher.ts';
import type { FromHashThread, ThreadAlgorithm, ToHashThread } from './hashMessages.ts';

/** Batches of one body that may be on their way through the helper threads concurrently. */
const BATCHES_AHEAD = 4;
/** Each is told of and written by itself: a quarter of it took an eighth more CPU. */
const BATCH_BYTES = 1024 * 1024;

/** The threads of a hasher: each of them is told everything, and makes its own digests of it. */
export interface ThreadHasherDeps {
  readonly threads: number;
  tellAll(message: ToHashThread): void;
  /** The hasher is done with them. */
  leave(): void;
}

/** One body in helper threads, with as many batches on their way as {@link BATCHES_AHEAD}. */
export class ThreadHasher implements BodyHasher {
  readonly #id: number;
  readonly #deps: ThreadHasherDeps;
  readonly #idle: Uint8Array[] = [];
  /** On their way, the oldest first. */
  readonly #out: Uint8Array[] = [];
  /** Of the oldest batch on its way and those behind it, how many each thread has hashed. */
  readonly #hashed: number[];
  readonly #digests: Partial<Record<ThreadAlgorithm, string>> = {};
  #error: ArchiverError | null = null;
  #wake: (() => void) | null = null;

  constructor(id: number, deps: ThreadHasherDeps) {
    this.#id = id;
    this.#deps = deps;
    this.#hashed = new Array<number>(deps.threads).fill(0);
  }

  async batch(): Promise<Uint8Array> {
    while (this.#idle.length === 0 && this.#out.length >= BATCHES_AHEAD) await this.#woken();
    if (this.#error) throw this.#error;
    return this.#idle.pop() ?? new Uint8Array(new SharedArrayBuffer(BATCH_BYTES));
  }

  update(batch: Uint8Array, bytes: number): void {
    this.#out.push(batch);
    this.#deps.tellAll({ kind: 'update', id: this.#id, batch: batch.buffer as SharedArrayBuffer, bytes });
  }

  async finish(): Promise<BodyHashes> {
    this.#deps.tellAll({ kind: 'finish', id: this.#id });
    for (;;) {
      const { md5, sha256 } = this.#digests;
      if (md5 !== undefined && sha256 !== undefined) {
        this.#deps.leave();
        return { md5, sha256 };
      }
      await this.#woken();
    }
  }

  discard(): void {
    this.#deps.tellAll({ kind: 'discard', id: this.#id });
    this.#deps.leave();
  }

  /** From the thread of that number. */
  receive(message: FromHashThread, thread: number): void {
    if (message.kind === 'finished') Object.assign(this.#digests, message.digests);
    else {
      this.#hashed[thread] = (this.#hashed[thread] ?? 0) + 1;
      this.#takeBack();
    }
    this.#wake?.();
  }

  fail(error: ArchiverError): void {
    this.#error = error;
    this.#wake?.();
  }

  /** A batch that all threads have hashed may be filled again. */
  #takeBack(): void {
    if (this.#hashed.includes(0)) return;
    for (const thread of this.#hashed.keys()) this.#hashed[thread] = (this.#hashed[thread] ?? 0) - 1;
    const batch = this.#out.shift();
    if (batch) this.#idle.push(batch);
  }

  async #woken(): Promise<void> {
    if (this.#error) throw this.#error;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#error) throw this.#error;
  }
}
