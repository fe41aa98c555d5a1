import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { HeaderMap } from '../model/attempt.ts';
import type { Answer, Ask, BodyEnd, Consume, Exchanged } from './answer.ts';
import { declaredLength, fields } from './answer.ts';
import type { Deadlines } from './deadlines.ts';
import { connectFailureOf, errorCodeOf } from './exchangeError.ts';
import { type Failure, failure } from './failure.ts';
import { Inflow } from './inflow.ts';

/** A server may announce, not talk for ever (RFC 9110 section 15.2). */
const MAX_INTERIM_ANSWERS = 20;

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
  ask: Ask,
  deadlines: Deadlines,
  signal: AbortSignal,
): Promise<Exchanged> {
  watchSockets();
  return new Promise((resolve) => {
    const handler = new UndiciExchange(resolve, deadlines, signal);
    try {
      dispatcher.dispatch(
        {
          origin: ask.url.origin,
          path: ask.path,
          method: 'GET',
          headers: ask.headers,
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

class UndiciExchange implements Dispatcher.DispatchHandler, Answer {
  readonly lenient = false;
  status = 0;
  statusText = '';
  headers: HeaderMap = {};
  readonly #resolve: (exchanged: Exchanged) => void;
  readonly #deadlines: Deadlines;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.fail(failure('internal', 'The attempt was stopped.', true));
  readonly #inflow: Inflow;
  #controller: Dispatcher.DispatchController | null = null;
  #socket: Socket | null = null;
  #reused = false;
  #byteSeen = false;
  #headed = false;
  #over = false;
  #interim = 0;
  #lastChunk: Buffer | null = null;
  #abortReason: Error | null = null;

  constructor(resolve: (exchanged: Exchanged) => void, deadlines: Deadlines, signal: AbortSignal) {
    this.#resolve = resolve;
    this.#deadlines = deadlines;
    this.#signal = signal;
    this.#inflow = new Inflow({
      pause: () => this.#hold(),
      resume: () => this.#release(),
      abort: () => this.#abort(),
    });
    deadlines.connecting((expired) => this.fail(expired));
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  get wireBytes(): number {
    return this.#inflow.bytes;
  }

  read(consume: Consume): Promise<BodyEnd> {
    return this.#inflow.read(consume);
  }

  drop(): void {
    this.#inflow.drop();
  }

  onSocket(socket: Socket): void {
    this.#socket = socket;
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
    this.#deadlines.sent();
  }

  onResponseStarted(): void {
    this.#byteSeen = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText?: string,
  ): void {
    this.#byteSeen = true;
    if (this.#over) return;
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM_ANSWERS) {
        this.fail(
          failure('protocol', `The server sent more than ${MAX_INTERIM_ANSWERS} interim answers and no final one.`),
        );
      }
      return;
    }
    this.status = status;
    this.headers = headerMapOf(headers);
    this.statusText = statusText ?? '';
    this.#headed = true;
    this.#deadlines.headed();
    this.#resolve({ kind: 'answer', answer: this });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#lastChunk = chunk;
    this.#deadlines.progress(chunk.length);
    this.#inflow.deliver(chunk);
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
    else this.#failHead(error);
  }

  fail(reason: Failure): void {
    if (this.#over) return;
    if (this.#headed) {
      this.#finish({ kind: 'broken', failure: reason, lost: false, odd: false });
      this.#abort();
      return;
    }
    this.#abort();
    this.#leave();
    this.#resolve({ kind: 'failure', failure: reason, odd: false, deadReused: false });
  }

  #failHead(error: Error): void {
    this.#leave();
    const { failure: reason, odd, hungUp } = headFailureOf(error);
    this.#resolve({ kind: 'failure', failure: reason, odd, deadReused: hungUp && this.#reused && !this.#byteSeen });
  }

  #finish(end: BodyEnd): void {
    this.#leave();
    this.#inflow.end(end);
  }

  #leave(): void {
    this.#over = true;
    if (starting === this) starting = null;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#deadlines.leave();
  }

  #abort(): void {
    if (!this.#over) this.#leave();
    this.#abortReason ??= new Error('The archiver gave this request up.');
    this.#controller?.abort(this.#abortReason);
  }

  #hold(): void {
    if (this.#over) return;
    if (this.#inflow.waiting) this.#deadlines.hold();
    this.#controller?.pause();
  }

  #release(): void {
    if (this.#over) return;
    this.#deadlines.release();
    this.#controller?.resume();
  }
}

function headerMapOf(headers: IncomingHttpHeaders): HeaderMap {
  const map: Record<string, string | readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && name !== '__proto__') map[name] = value;
  }
  return map;
}

function framingOf(headers: HeaderMap): 'length' | 'chunked' | 'close' {
  if (/\bchunked\s*$/i.test(fields(headers, 'transfer-encoding').join(','))) return 'chunked';
  return declaredLength(headers) === null ? 'close' : 'length';
}

/**
 * Whether more came behind the last byte of a body of declared length. undici's chunks are windows onto what was read from
 * the socket, so the rest of the last read is still there to be seen (unless it was copied into Node's shared pool).
 */
function hasExcess(last: Buffer): boolean {
  const end = last.byteOffset + last.byteLength;
  const left = last.buffer.byteLength - end;
  if (left === 0 || last.buffer.byteLength === Buffer.poolSize) return false;
  return /[^\r\n]/.test(Buffer.from(last.buffer, end, Math.min(left, 64)).toString('latin1'));
}

function tooLong(): BodyEnd {
  const reason = 'The body is longer than its declared length.';
  return { kind: 'broken', failure: failure('truncated', reason), lost: false, odd: false };
}

function cut(reason: string): BodyEnd {
  return { kind: 'broken', failure: failure('truncated', reason), lost: true, odd: false };
}

function bodyEndOf(error: Error, bytes: number, headers: HeaderMap): BodyEnd {
  const declared = declaredLength(headers);
  const of = declared === null ? '' : ` of ${declared}`;
  if (isParserError(error) && !/EOF/.test(error.message)) {
    const reason = `The body's framing is broken after ${bytes} bytes: ${error.message}.`;
    return { kind: 'broken', failure: failure('truncated', reason), lost: false, odd: true };
  }
  return cut(`The connection ended after ${bytes}${of} bytes, before the body was complete.`);
}

/** undici's parser error has no usable code. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError';
}

function headFailureOf(error: Error): { failure: Failure; odd: boolean; hungUp: boolean } {
  const known = connectFailureOf(error);
  if (known) return { failure: known, odd: false, hungUp: false };
  const code = errorCodeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { failure: failure('protocol', 'The head of the answer is larger than 64 KiB.'), odd: false, hungUp: false };
  }
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') {
    return {
      failure: failure('protocol', 'The server switched to another protocol unasked.'),
      odd: false,
      hungUp: false,
    };
  }
  // A length that is there twice, or is none, is reported as one that does not match.
  if (
    isParserError(error) ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    (code === 'UND_ERR_SOCKET' && error.message === 'bad response')
  ) {
    return {
      failure: failure('protocol', `The answer is not readable as HTTP: ${error.message}.`),
      odd: true,
      hungUp: false,
    };
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return { failure: failure('protocol', `The request cannot be sent: ${error.message}.`), odd: false, hungUp: false };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return { failure: failure('tls', `The encrypted connection failed: ${error.message}.`), odd: false, hungUp: false };
  }
  const how = code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'closed';
  return { failure: failure('reset', `The connection was ${how} before an answer came.`), odd: false, hungUp: true };
}
