import type { Worker } from 'node:worker_threads';
import { ArchiverError, type ErrorCode, messageOf } from '../../errors.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { HostPlaces } from '../../model/hostPlaces.ts';
import type { StageRef } from '../../model/stage.ts';
import { startThread } from '../thread/startThread.ts';
import { MessageBatch } from './messageBatch.ts';
import type { Retriever } from './Retriever.ts';
import type { FromThread, ToThread } from './threadMessages.ts';
import { ThreadVisits } from './threadVisits.ts';

/** What answers a question. */
type Answer = Exclude<FromThread, { kind: 'enter' | 'leave' | 'connected' }>;

interface Pending {
  resolve(message: Answer): void;
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
  readonly #places: HostPlaces | null;
  readonly #pending = new Map<number, Pending>();
  #visits: ThreadVisits | null = null;
  #worker: Worker | null = null;
  #messages: MessageBatch<ToThread> | null = null;
  #lastId = 0;
  #closed = false;
  #leastSpeed = 0;

  /** `places`: where its requests to other hosts than a link's take a place. */
  constructor(entry: URL, workerData: unknown, places: HostPlaces | null = null) {
    this.#entry = entry;
    this.#workerData = workerData;
    this.#places = places;
  }

  get load(): number {
    return this.#pending.size;
  }

  async retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt> {
    const id = ++this.#lastId;
    const answered = this.#ask({ kind: 'retrieve', request }, id);
    const abort = () => this.#messages?.add({ kind: 'abort', id });
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

  setLeastSpeed(bytesPerSecond: number): void {
    this.#leastSpeed = bytesPerSecond;
    this.#messages?.add({ kind: 'speed', bytesPerSecond });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    const closed = worker && this.#ask({ kind: 'close' });
    this.#closed = true;
    await closed?.catch(() => undefined);
    await worker?.terminate();
    this.#visits?.end();
  }

  async #ask(question: Question, id = ++this.#lastId): Promise<Answer> {
    // Nothing would close a thread that is started now.
    if (this.#closed) throw new ArchiverError('stopped', 'The retriever is closed.');
    const messages = this.#messages ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      messages.add({ ...question, id });
    });
  }

  #start(): MessageBatch<ToThread> {
    const worker = startThread(this.#entry, this.#workerData);
    const visits = new ThreadVisits(this.#places);
    const messages = new MessageBatch<ToThread>((some) => worker.postMessage(some), this.#refuse);
    const receive = (message: FromThread) => {
      if ('id' in message && message.kind !== 'enter' && message.kind !== 'leave') this.#settle(message);
      else void visits.receive(message, (answer) => messages.add(answer));
    };
    worker.on('message', (received: readonly FromThread[]) => received.forEach(receive));
    worker.on('error', (cause) => this.#lose(worker, cause));
    worker.on('exit', (code) => this.#lose(worker, new Error(`exit code ${code}`)));
    this.#worker = worker;
    this.#messages = messages;
    if (this.#leastSpeed > 0) this.setLeastSpeed(this.#leastSpeed);
    this.#visits = visits;
    return messages;
  }

  /** What is no plain data reaches no thread. */
  readonly #refuse = (message: ToThread, cause: unknown): void => {
    if (!('id' in message)) return;
    const error = new ArchiverError('thread-failed', `A fetch thread could not be told: ${messageOf(cause)}`, {
      cause,
    });
    this.#pending.get(message.id)?.reject(error);
    this.#pending.delete(message.id);
  };

  #settle(message: Answer): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'error') pending?.reject(new ArchiverError(message.code as ErrorCode, message.message));
    else pending?.resolve(message);
  }

  #lose(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#messages = null;
    this.#visits?.end();
    const error = new ArchiverError('thread-failed', `A fetch thread ended: ${cause.message}`, { cause });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function unexpected(answer: Answer): ArchiverError {
  return new ArchiverError('thread-failed', `A fetch thread answered ${answer.kind} where another answer was due.`);
}
