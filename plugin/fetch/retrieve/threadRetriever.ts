import type { Worker } from 'node:worker_threads';
import { ArchiverError, type ErrorCode } from '../../errors.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';
import { startThread } from '../thread/startThread.ts';
import type { Retriever } from './Retriever.ts';
import type { FromThread, ToThread } from './threadMessages.ts';

interface Pending {
  resolve(message: FromThread): void;
  reject(error: ArchiverError): void;
}

/** Without its `id`, which `#ask` gives. */
type Question = ToThread extends infer Message ? (Message extends { id: number } ? Omit<Message, 'id'> : never) : never;

/**
 * A retriever in a worker thread. A thread that dies fails what it was doing with `thread-failed` (a throw, so the
 * resources go back to the queue) and is replaced at the next call.
 */
export class ThreadRetriever implements Retriever {
  readonly #entry: URL;
  readonly #workerData: unknown;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #lastId = 0;
  #closed = false;

  constructor(entry: URL, workerData: unknown) {
    this.#entry = entry;
    this.#workerData = workerData;
  }

  get load(): number {
    return this.#pending.size;
  }

  async retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt> {
    const id = ++this.#lastId;
    const answered = this.#ask({ kind: 'retrieve', request }, id);
    const abort = () => this.#worker?.postMessage({ kind: 'abort', id } satisfies ToThread);
    // A signal that is aborted already emits no event.
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    try {
      const answer = await answered;
      if (answer.kind !== 'attempt') throw unexpected(answer);
      return answer.attempt;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async commit(stage: StageRef): Promise<'committed' | 'exists'> {
    const answer = await this.#ask({ kind: 'commit', stage });
    if (answer.kind !== 'committed') throw unexpected(answer);
    return answer.result;
  }

  async discard(stage: StageRef): Promise<void> {
    await this.#ask({ kind: 'discard', stage });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    const closed = worker && this.#ask({ kind: 'close' });
    this.#closed = true;
    await closed?.catch(() => undefined);
    await worker?.terminate();
  }

  async #ask(question: Question, id = ++this.#lastId): Promise<FromThread> {
    // Nothing would close a thread that is started now.
    if (this.#closed) throw new ArchiverError('stopped', 'The retriever is closed.');
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ ...question, id });
    });
  }

  #start(): Worker {
    const worker = startThread(this.#entry, this.#workerData);
    worker.on('message', (message: FromThread) => this.#settle(message));
    worker.on('error', (cause) => this.#lose(worker, cause));
    worker.on('exit', (code) => this.#lose(worker, new Error(`exit code ${code}`)));
    this.#worker = worker;
    return worker;
  }

  #settle(message: FromThread): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'error') pending?.reject(new ArchiverError(message.code as ErrorCode, message.message));
    else pending?.resolve(message);
  }

  #lose(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const error = new ArchiverError('thread-failed', `A fetch thread ended: ${cause.message}`, { cause });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function unexpected(answer: FromThread): ArchiverError {
  return new ArchiverError('thread-failed', `A fetch thread answered ${answer.kind} where another answer was due.`);
}
