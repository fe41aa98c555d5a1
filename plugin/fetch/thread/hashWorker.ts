import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { ArchiverError } from '../../errors.ts';
import type { BodyHasher, HasherSource } from '../digest/bodyHasher.ts';
import type { FromHashThread, ThreadAlgorithm, ToHashThread } from './hashMessages.ts';
import { startThread } from './startThread.ts';
import { ThreadHasher } from './threadHasher.ts';

/** Which digests each of the threads makes: side by side where a core is left for the transfer itself. */
const TOGETHER: readonly (readonly ThreadAlgorithm[])[] = [['md5', 'sha256']];
const APART: readonly (readonly ThreadAlgorithm[])[] = [['md5'], ['sha256']];

/**
 * Hashes long bodies beside their transfer, in helper threads that the first of them starts. Bodies that a thread had
 * when it died fail with `thread-failed`; the next body starts other threads.
 */
export class HashThread implements HasherSource {
  readonly #split: readonly (readonly ThreadAlgorithm[])[];
  #running: RunningThreads | null = null;

  /** `cores`: of this machine. */
  constructor(cores = availableParallelism()) {
    this.#split = cores > 2 ? APART : TOGETHER;
  }

  open(): BodyHasher {
    this.#running ??= new RunningThreads(this.#split, (ended) => {
      if (this.#running === ended) this.#running = null;
    });
    return this.#running.open();
  }

  /** Ends the threads, and with them what they were hashing. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.close();
  }
}

/** Threads from their start to the end of one of them, and the hashers that live and die with them. */
class RunningThreads {
  readonly #workers: readonly Worker[];
  readonly #hashers = new Map<number, ThreadHasher>();
  readonly #onEnd: (ended: RunningThreads) => void;
  #lastId = 0;

  constructor(split: readonly (readonly ThreadAlgorithm[])[], onEnd: (ended: RunningThreads) => void) {
    this.#onEnd = onEnd;
    this.#workers = split.map((algorithms, index) => this.#start(algorithms, index));
  }

  open(): BodyHasher {
    const id = ++this.#lastId;
    const tellAll = (message: ToHashThread) => {
      for (const worker of this.#workers) worker.postMessage(message);
    };
    const hasher = new ThreadHasher(id, { threads: this.#workers.length, tellAll, leave: () => this.#leave(id) });
    if (this.#hashers.size === 0) for (const worker of this.#workers) worker.ref();
    this.#hashers.set(id, hasher);
    return hasher;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(algorithms: readonly ThreadAlgorithm[], index: number): Worker {
    const name = import.meta.url.endsWith('.ts') ? './hashThread.ts' : './hashThread.js';
    const worker = startThread(new URL(name, import.meta.url), algorithms);
    worker.on('message', (message: FromHashThread) => this.#hashers.get(message.id)?.receive(message, index));
    worker.on('error', (cause) => this.#fail(cause));
    worker.on('exit', (code) => this.#fail(new Error(`exit code ${code}`)));
    return worker;
  }

  /** Threads without work do not keep the process alive. */
  #leave(id: number): void {
    this.#hashers.delete(id);
    if (this.#hashers.size === 0) for (const worker of this.#workers) worker.unref();
  }

  /** What one of them cannot finish the others need not. */
  #fail(cause: Error): void {
    this.#onEnd(this);
    const error = new ArchiverError('thread-failed', `The hash thread ended: ${cause.message}`, { cause });
    for (const hasher of this.#hashers.values()) hasher.fail(error);
    this.#hashers.clear();
    for (const worker of this.#workers) void worker.terminate();
  }
}
