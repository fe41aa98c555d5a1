import type { Worker } from 'node:worker_threads';
import { ArchiverError } from '../../errors.ts';
import { BATCH_BYTES, type BodyHasher, type BodyHashes, type HasherSource } from '../digest/bodyHasher.ts';
import type { FromHashThread, ToHashThread } from './hashMessages.ts';
import { startThread } from './startThread.ts';

/** Batches of one body that may be on their way through the helper thread concurrently. */
const BATCHES_AHEAD = 4;

/**
 * Hashes long bodies beside their transfer, in a helper thread that the first of them starts. Bodies that a thread had
 * when it died fail with `thread-failed`; the next body starts another thread.
 */
export class HashThread implements HasherSource {
  #running: RunningThread | null = null;

  open(): BodyHasher {
    this.#running ??= new RunningThread((ended) => {
      if (this.#running === ended) this.#running = null;
    });
    return this.#running.open();
  }

  /** Ends the thread, and with it what it was hashing. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.close();
  }
}

/** One thread from its start to its end, and the hashers that live and die with it. */
class RunningThread {
  readonly #worker: Worker;
  readonly #hashers = new Map<number, ThreadHasher>();
  #lastId = 0;

  constructor(onEnd: (ended: RunningThread) => void) {
    const name = import.meta.url.endsWith('.ts') ? './hashThread.ts' : './hashThread.js';
    this.#worker = startThread(new URL(name, import.meta.url));
    const fail = (cause: Error) => {
      onEnd(this);
      this.#fail(cause);
    };
    this.#worker.on('message', (message: FromHashThread) => this.#hashers.get(message.id)?.receive(message));
    this.#worker.on('error', fail);
    this.#worker.on('exit', (code) => fail(new Error(`exit code ${code}`)));
  }

  open(): BodyHasher {
    const id = ++this.#lastId;
    const post: Post = (message, transfer = []) => this.#worker.postMessage(message, transfer);
    const hasher = new ThreadHasher(id, post, () => this.#leave(id));
    if (this.#hashers.size === 0) this.#worker.ref();
    this.#hashers.set(id, hasher);
    return hasher;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** A thread without work does not keep the process alive. */
  #leave(id: number): void {
    this.#hashers.delete(id);
    if (this.#hashers.size === 0) this.#worker.unref();
  }

  #fail(cause: Error): void {
    const error = new ArchiverError('thread-failed', `The hash thread ended: ${cause.message}`, { cause });
    for (const hasher of this.#hashers.values()) hasher.fail(error);
    this.#hashers.clear();
  }
}

type Post = (message: ToHashThread, transfer?: ArrayBuffer[]) => void;

/** One body in the helper thread, with as many batches on their way as {@link BATCHES_AHEAD}. */
class ThreadHasher implements BodyHasher {
  readonly #id: number;
  readonly #post: Post;
  readonly #leave: () => void;
  readonly #idle: ArrayBuffer[] = [];
  #out = 0;
  #error: ArchiverError | null = null;
  #wake: (() => void) | null = null;
  #hashes: BodyHashes | null = null;

  constructor(id: number, post: Post, leave: () => void) {
    this.#id = id;
    this.#post = post;
    this.#leave = leave;
  }

  async batch(): Promise<ArrayBuffer> {
    while (this.#idle.length === 0 && this.#out >= BATCHES_AHEAD) await this.#woken();
    if (this.#error) throw this.#error;
    return this.#idle.pop() ?? new ArrayBuffer(BATCH_BYTES);
  }

  update(buffer: ArrayBuffer, bytes: number): void {
    this.#out += 1;
    this.#post({ kind: 'update', id: this.#id, buffer, bytes }, [buffer]);
  }

  async finish(): Promise<BodyHashes> {
    this.#post({ kind: 'finish', id: this.#id });
    while (!this.#hashes) await this.#woken();
    this.#leave();
    return this.#hashes;
  }

  discard(): void {
    this.#post({ kind: 'discard', id: this.#id });
    this.#leave();
  }

  receive(message: FromHashThread): void {
    if (message.kind === 'hashed') {
      this.#out -= 1;
      this.#idle.push(message.buffer);
    } else this.#hashes = { md5: message.md5, sha256: message.sha256 };
    this.#wake?.();
  }

  fail(error: ArchiverError): void {
    this.#error = error;
    this.#wake?.();
  }

  async #woken(): Promise<void> {
    if (this.#error) throw this.#error;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#error) throw this.#error;
  }
}
