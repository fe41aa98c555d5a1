import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { framingOf } from '../http/framing.ts';
import { failure } from '../outcome/failure.ts';
import type { AttemptScope } from './AttemptScope.ts';
import { bodyEndOf, brokenBody, isTlsError, requestFailureOf } from './exchangeFailure.ts';
import { type ExchangeConnection, ExchangeState } from './exchangeState.ts';
import { headerMapOf } from './headerMap.ts';
import { headTooLarge, watchHeadSize } from './headLimits.ts';
import type { ExchangeResult, HttpRequest } from './Response.ts';
import { SocketPause } from './socketPause.ts';
import { hasTrailingBytes } from './trailingBytes.ts';

/** Sockets that have carried a request: what tells a stale connection from a server that closes new ones. */
const used = new WeakSet<object>();
/** The handler whose request starts in this very turn. */
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

/** One GET, or the POST of a form, through undici's `dispatch`. Resolves with the head of the response; never rejects. */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  scope: Pick<AttemptScope, 'deadlines' | 'signal'>,
): Promise<ExchangeResult> {
  watchSockets();
  return new Promise((resolve) => new UndiciExchange(resolve, scope).dispatch(dispatcher, request));
}

/** undici's view of an exchange: its events, the socket below it, and what undici does not tell. */
class UndiciExchange implements Dispatcher.DispatchHandler, ExchangeConnection {
  readonly #state: ExchangeState;
  #controller: Dispatcher.DispatchController | null = null;
  #socket: Socket | null = null;
  #backpressure: SocketPause | null = null;
  #unwatchHead: (() => void) | null = null;
  #reused = false;
  #byteSeen = false;
  #lastChunk: Buffer | null = null;
  #abortReason: Error | null = null;
  /** A server's TLS alert, which undici reports as a mere end. */
  #alert: Error | null = null;
  readonly #onSocketError = (error: Error) => {
    if (isTlsError(error)) this.#alert = error;
  };

  constructor(resolve: (result: ExchangeResult) => void, scope: Pick<AttemptScope, 'deadlines' | 'signal'>) {
    this.#state = new ExchangeState(this, scope, { lenient: false, resolve });
  }

  dispatch(dispatcher: Dispatcher, { url, path, headers, content = null }: HttpRequest): void {
    this.#state.start();
    try {
      // No timeouts of undici's: the attempt's own are finer, and know whose fault a silence is.
      const options = {
        origin: url.origin,
        path,
        method: content ? 'POST' : 'GET',
        body: content,
        headers,
        headersTimeout: 0,
        bodyTimeout: 0,
      } as const;
      dispatcher.dispatch(options, this);
    } catch (error) {
      this.#state.stop(failure('protocol', `The request cannot be sent: ${String(error)}`));
    }
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
    starting = this;
    this.#state.sent();
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
    if (this.#state.over) return;
    if (status >= 100 && status < 200) {
      // Each head has a limit of its own.
      this.#unwatch();
      this.#state.interim();
      return;
    }
    this.#unwatch();
    this.#state.begin({ status, statusText: statusText ?? '', headers: headerMapOf(headers) });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state.over || chunk.length === 0) return;
    this.#lastChunk = chunk;
    this.#state.progress(chunk.length);
    this.#state.push(chunk);
  }

  onResponseEnd(): void {
    const { headers, wireBytes } = this.#state;
    const framing = framingOf(headers);
    if (framing === 'close' && this.#socket?.errored) {
      const reason = `The connection was reset after ${wireBytes} bytes of a body without a declared length.`;
      this.#state.finish(brokenBody(reason, { lost: true }));
      return;
    }
    const excess = framing === 'length' && this.#lastChunk !== null && hasTrailingBytes(this.#lastChunk);
    if (excess) this.#giveConnectionUp();
    this.#state.finish({ kind: 'complete', framing, excess });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { waiting, wireBytes, headers } = this.#state;
    if (waiting) this.#refuse(this.#alert ?? error);
    else this.#state.finish(bodyEndOf(error, wireBytes, headers));
  }

  /** What follows a body must not be taken for the answer to a later request. Never while the parser still runs. */
  #giveConnectionUp(): void {
    const socket = this.#socket;
    queueMicrotask(() => socket?.destroy());
  }

  #refuse(error: Error): void {
    const { failure: reason, malformed, closedBeforeResponse } = requestFailureOf(error);
    const staleConnection = closedBeforeResponse && this.#reused && !this.#byteSeen;
    this.#state.refuse(reason, { malformed, staleConnection });
  }

  #watchHead(): void {
    if (!this.#state.waiting || this.#unwatchHead || !this.#socket) return;
    this.#unwatchHead = watchHeadSize(this.#socket, () => this.#state.stop(headTooLarge()));
  }

  #unwatch(): void {
    this.#unwatchHead?.();
    this.#unwatchHead = null;
  }

  pause(): void {
    this.#backpressure?.pause();
  }

  resume(): void {
    this.#backpressure?.resume();
  }

  release(): void {
    this.#unwatch();
    this.#backpressure?.resume();
    this.#socket?.off('error', this.#onSocketError);
    if (starting === this) starting = null;
  }

  abort(): void {
    this.#abortReason ??= new Error('The archiver gave this request up.');
    this.#controller?.abort(this.#abortReason);
  }
}
