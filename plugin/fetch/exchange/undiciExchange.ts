import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { HeaderMap } from '../../model/attempt.ts';
import { framingOf } from '../http/framing.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { AttemptScope } from './AttemptScope.ts';
import { BodyQueue } from './bodyQueue.ts';
import type { Deadlines } from './deadlines.ts';
import { bodyEndOf, cut, failedExchange, isTlsError, requestFailureOf, tooLong } from './exchangeFailure.ts';
import { headerMapOf } from './headerMap.ts';
import { headFailure, headTooLarge, MAX_INTERIM_RESPONSES, tooManyInterim, watchHeadSize } from './headLimits.ts';
import type { BodyEnd, Consume, ExchangeResult, HttpRequest, HttpResponse } from './Response.ts';
import { SocketPause } from './socketPause.ts';
import { hasExcess } from './trailingBytes.ts';

/** Sockets that have carried a request: what tells a dead reused connection from a server that hangs up. */
const used = new WeakSet<object>();
let starting: UndiciExchange | null = null;
let watching = false;

/**
 * undici hands its handlers no socket, and reports a body that was cut by a reset as complete when no length says
 * otherwise. Its diagnostics channel names the socket in the same turn in which the request starts.
 */
function watchSockets(): void {
  if (watching) return;
  watching = true;
  subscribe('undici:client:sendHeaders', (message) => {
    const exchange = starting;
    starting = null;
    if (exchange && typeof message === 'object' && message !== null && 'socket' in message) {
      exchange.onSocket(message.socket as Socket);
    }
  });
}

/** One GET through undici's lowest door. Resolves with the head of the answer; never rejects. */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  { deadlines, signal }: Pick<AttemptScope, 'deadlines' | 'signal'>,
): Promise<ExchangeResult> {
  watchSockets();
  return new Promise((resolve) => {
    const handler = new UndiciExchange(resolve, deadlines, signal);
    try {
      dispatcher.dispatch(
        {
          origin: request.url.origin,
          path: request.path,
          method: 'GET',
          headers: request.headers,
          // Ours are finer, and know whose fault the silence is.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      handler.fail(failure('protocol', `The request cannot be sent: ${String(error)}`));
    }
  });
}

class UndiciExchange implements Dispatcher.DispatchHandler, HttpResponse {
  readonly lenient = false;
  status = 0;
  statusText = '';
  headers: HeaderMap = {};
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #deadlines: Deadlines;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.fail(failure('internal', 'The attempt was stopped.', true));
  readonly #body: BodyQueue;
  #controller: Dispatcher.DispatchController | null = null;
  #socket: Socket | null = null;
  #backpressure: SocketPause | null = null;
  #unwatchHead: (() => void) | null = null;
  #reused = false;
  #byteSeen = false;
  #sent = false;
  #headed = false;
  #over = false;
  #interim = 0;
  #lastChunk: Buffer | null = null;
  #abortReason: Error | null = null;
  /** A server's alert, which undici reports as a mere end. */
  #alert: Error | null = null;
  readonly #onSocketError = (error: Error) => {
    if (isTlsError(error)) this.#alert = error;
  };

  constructor(resolve: (result: ExchangeResult) => void, deadlines: Deadlines, signal: AbortSignal) {
    this.#resolve = resolve;
    this.#deadlines = deadlines;
    this.#signal = signal;
    this.#body = new BodyQueue({
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      abort: () => this.#abort(),
    });
    deadlines.connecting((expired) => this.fail(expired));
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  get wireBytes(): number {
    return this.#body.bytes;
  }

  read(consume: Consume): Promise<BodyEnd> {
    return this.#body.read(consume);
  }

  drop(): void {
    this.#body.drop();
  }

  onSocket(socket: Socket): void {
    this.#socket = socket;
    this.#backpressure = new SocketPause(socket);
    socket.on('error', this.#onSocketError);
    this.#reused = used.has(socket);
    used.add(socket);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortReason) {
      controller.abort(this.#abortReason);
      return;
    }
    this.#sent = true;
    starting = this;
    this.#deadlines.sent();
  }

  onResponseStarted(): void {
    this.#byteSeen = true;
    // A head that has not come whole with its first bytes needs watching.
    queueMicrotask(() => this.#watchHead());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText?: string,
  ): void {
    this.#byteSeen = true;
    if (this.#over) return;
    if (status >= 100 && status < 200) {
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM_RESPONSES) this.fail(tooManyInterim());
      return;
    }
    this.status = status;
    this.headers = headerMapOf(headers);
    this.statusText = statusText ?? '';
    const bad = headFailure(this);
    if (bad) {
      this.fail(bad);
      return;
    }
    this.#headed = true;
    this.#unwatchHead?.();
    this.#deadlines.headed();
    this.#resolve({ kind: 'response', response: this });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return;
    this.#lastChunk = chunk;
    this.#deadlines.progress(chunk.length);
    this.#body.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    const framing = framingOf(this.headers);
    if (framing === 'close' && this.#socket?.errored) {
      this.#finish(cut(`The connection was reset after ${this.wireBytes} bytes of a body without a declared length.`));
      return;
    }
    const excess = framing === 'length' && this.#lastChunk !== null && hasExcess(this.#lastChunk);
    this.#finish(excess ? tooLong() : { kind: 'complete', framing });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    if (this.#headed) this.#finish(bodyEndOf(error, this.wireBytes, this.headers));
    else this.#failHead(this.#alert ?? error);
  }

  fail(reason: Failure): void {
    if (this.#over) return;
    if (this.#headed) {
      this.#finish({ kind: 'broken', failure: reason, lost: false, malformed: false });
      this.#abort();
      return;
    }
    this.#abort();
    this.#leave();
    this.#resolve(failedExchange(reason, this.#sent));
  }

  #watchHead(): void {
    if (this.#headed || this.#over || this.#unwatchHead || !this.#socket) return;
    this.#unwatchHead = watchHeadSize(this.#socket, () => this.fail(headTooLarge()));
  }

  #failHead(error: Error): void {
    this.#leave();
    const { failure: reason, malformed, closedBeforeResponse } = requestFailureOf(error);
    this.#resolve({
      kind: 'failure',
      failure: reason,
      sent: this.#sent,
      malformed,
      staleConnection: closedBeforeResponse && this.#reused && !this.#byteSeen,
    });
  }

  #finish(end: BodyEnd): void {
    this.#leave();
    this.#body.end(end);
  }

  #leave(): void {
    this.#over = true;
    this.#unwatchHead?.();
    this.#backpressure?.resume();
    this.#socket?.off('error', this.#onSocketError);
    if (starting === this) starting = null;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#deadlines.leave();
  }

  #abort(): void {
    if (!this.#over) this.#leave();
    this.#abortReason ??= new Error('The archiver gave this request up.');
    this.#controller?.abort(this.#abortReason);
  }

  #pause(): void {
    if (this.#over) return;
    if (this.#body.waiting) this.#deadlines.pause();
    this.#backpressure?.pause();
  }

  #resume(): void {
    if (this.#over) return;
    this.#deadlines.resume();
    this.#backpressure?.resume();
  }
}
