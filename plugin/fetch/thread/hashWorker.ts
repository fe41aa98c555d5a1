import type { Worker } from 'node:worker_threads';
import { ArchiverError } from '../../errors.ts';
import { BATCH_BYTES, type BodyHasher, type BodyHashes, type HasherSource } from '../digest/bodyHasher.ts';
import type { FromHashThread, ToHashThread } from './hashMessages.ts';
import { startThread } from './startThread.ts';

/** Batches of one body that may be on their way through the helper thread at once. */
const BATCHES_AHEAD = 4;

/** The helper thread, started by the first body that needs it, and its hashers. */
export class HashThread implements HasherSource {
  #worker: Worker | null = null;
  #lastId = 0;
  readonly #hashers = new Map<number, ThreadHasher>();

  open(): BodyHasher {
    const worker = this.#worker ?? this.#start();
    const id = ++this.#lastId;
    const hasher = new ThreadHasher(
      id,
      (message, transfer = []) => worker.postMessage(message, transfer),
      () => {
        this.#hashers.delete(id);
        if (this.#hashers.size === 0) worker.unref();
      },
    );
    if (this.#hashers.size === 0) worker.ref();
    this.#hashers.set(id, hasher);
    return hasher;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #start(): Worker {
    const name = import.meta.url.endsWith('.ts') ? './hashThread.ts' : './hashThread.js';
    const worker = startThread(new URL(name, import.meta.url));
    worker.on('message', (message: FromHashThread) => this.#hashers.get(message.id)?.receive(message));
    worker.on('error', (cause) => this.#lose(worker, cause));
    worker.on('exit', (code) => this.#lose(worker, new Error(`exit code ${code}`)));
    this.#worker = worker;
    return worker;
  }

  #lose(worker: Worker, cause: Error): void {
    if (this.#worker === worker) this.#worker = null;
    const error = new ArchiverError('thread-failed', `The hash thread ended: ${cause.message}`, { cause });
    for (const hasher of [...this.#hashers.values()]) hasher.fail(error);
    this.#hashers.clear();
  }
}

type Post = (message: ToHashThread, transfer?: ArrayBuffer[]) => void;

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
