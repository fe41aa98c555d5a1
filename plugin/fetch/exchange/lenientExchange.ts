import type { Socket } from 'node:net';
import { type Framing, framingOf } from '../http/framing.ts';
import { declaredLength, wrongLength } from '../http/headers.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import { failure } from '../outcome/failure.ts';
import type { AttemptScope } from './AttemptScope.ts';
import { ChunkedBody } from './chunkedBody.ts';
import {
  brokenBody,
  closedBeforeResponse,
  connectFailureOf,
  cutShort,
  failedExchange,
  switchedProtocol,
} from './exchangeFailure.ts';
import { ExchangeState, stopped } from './exchangeState.ts';
import { headTooLarge, unreadable } from './headLimits.ts';
import { headEnd, type LenientHead, parseLenientHead } from './lenientHead.ts';
import type { ExchangeResult, HttpRequest } from './Response.ts';
import { isMoreThanLineEnds } from './trailingBytes.ts';

/** Opens a guarded connection that is ready for the first byte; rejects with a `ConnectFailure`. */
export type SocketFor = (url: URL, signal: AbortSignal, deadlineMs: number) => Promise<Socket>;

/**
 * The second chance of a server whose responses are malformed: a GET read as browsers read it, on a guarded connection
 * of its own that is closed afterwards. Node's own lenient parser still refuses a repeated equal or an unreadable
 * Content-Length, which browsers and curl accept; hence a parser of ours. Resolves with the head of the response; never
 * rejects.
 */
export async function lenientExchange(
  socketFor: SocketFor,
  request: HttpRequest,
  scope: Pick<AttemptScope, 'deadlines' | 'signal'>,
): Promise<ExchangeResult> {
  const { deadlines, signal } = scope;
  if (signal.aborted) return failedExchange(stopped());
  try {
    const socket = await socketFor(request.url, signal, deadlines.remainingMs);
    return await new Promise<ExchangeResult>((resolve) => {
      new LenientExchange(socket, scope, resolve).send(request);
    });
  } catch (error) {
    if (signal.aborted) return failedExchange(stopped());
    return failedExchange(connectFailureOf(error) ?? failure('reset', `No connection could be made: ${String(error)}`));
  }
}

/** A socket read by the lenient parser: the head as text until its blank line, then the body by its framing. */
class LenientExchange {
  readonly #socket: Socket;
  readonly #state: ExchangeState;
  readonly #chunked = new ChunkedBody();
  #head = '';
  #framing: Framing = 'close';
  /** Bytes that a body of declared length still lacks. */
  #left = 0;

  constructor(
    socket: Socket,
    scope: Pick<AttemptScope, 'deadlines' | 'signal'>,
    resolve: (result: ExchangeResult) => void,
  ) {
    const connection = {
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      release: () => socket.destroy(),
      abort: () => socket.destroy(),
    };
    this.#socket = socket;
    this.#state = new ExchangeState(connection, scope, { lenient: true, resolve });
  }

  send({ url, path, headers }: HttpRequest): void {
    this.#socket
      .on('data', (chunk: Buffer) => this.#onData(chunk))
      .on('end', () => this.#onEnd(null))
      .on('error', (error) => this.#onEnd(error))
      .on('close', () => this.#onEnd(new Error('closed')));
    this.#state.start();
    if (this.#state.over) return;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n${lines.join('')}\r\n`;
    this.#socket.write(head, 'latin1');
    this.#state.sent();
  }

  #onData(chunk: Buffer): void {
    if (this.#state.over) return;
    if (this.#state.waiting) this.#onHead(chunk);
    else this.#onBody(chunk);
  }

  #onHead(chunk: Buffer): void {
    this.#head += chunk.toString('latin1');
    const end = headEnd(this.#head);
    if ((end ?? this.#head.length) > MAX_HEAD_BYTES) this.#state.stop(headTooLarge());
    else if (end !== null) this.#onWholeHead(end);
    // What is not HTTP at its beginning does not become so: no need to wait for the end of the head.
    else if (!/^[\r\n]*(?:H|I|$)/i.test(this.#head)) this.#state.stop(unreadable());
  }

  #onWholeHead(end: number): void {
    const head = parseLenientHead(this.#head.slice(0, end));
    const rest = Buffer.from(this.#head.slice(end), 'latin1');
    this.#head = '';
    if (!head) this.#state.stop(unreadable());
    else if (head.status === 101) this.#state.stop(switchedProtocol());
    else if (head.status >= 100 && head.status < 200) this.#onInterim(rest);
    else this.#onFinalHead(head, rest);
  }

  /** 1xx heads are passed over (RFC 9110 section 15.2). */
  #onInterim(rest: Buffer): void {
    this.#state.interim();
    if (!this.#state.over && rest.length > 0) this.#onHead(rest);
  }

  #onFinalHead(head: LenientHead, rest: Buffer): void {
    const framing = framingOf(head.headers);
    const wrong = framing === 'chunked' ? null : wrongLength(head.headers);
    if (wrong !== null) {
      this.#state.stop(failure('protocol', wrong));
      return;
    }
    const declared = declaredLength(head.headers);
    this.#framing = framing;
    this.#left = declared ?? 0;
    this.#state.begin(head);
    if (this.#state.over) return;
    const empty = head.status === 204 || head.status === 304 || (declared === 0 && framing !== 'chunked');
    if (empty) this.#complete();
    else if (rest.length > 0) this.#onBody(rest);
  }

  #onBody(chunk: Buffer): void {
    this.#state.progress(chunk.length);
    if (this.#framing === 'close') this.#state.push(chunk);
    else if (this.#framing === 'length') this.#onMeasured(chunk);
    else this.#onChunked(chunk);
  }

  #onMeasured(chunk: Buffer): void {
    const rest = chunk.subarray(this.#left);
    if (this.#left > 0) this.#state.push(chunk.subarray(0, this.#left));
    this.#left -= Math.min(chunk.length, this.#left);
    if (this.#left > 0) return;
    this.#complete(isMoreThanLineEnds(rest));
  }

  #onChunked(chunk: Buffer): void {
    const found = this.#chunked.push(chunk);
    for (const part of found ?? []) this.#state.push(part);
    if (!found) this.#state.finish(brokenBody(`The body's chunks are broken after ${this.#state.wireBytes} bytes.`));
    else if (this.#chunked.complete) this.#complete();
  }

  #onEnd(error: Error | null): void {
    const { over, waiting, wireBytes, headers } = this.#state;
    if (over) return;
    if (waiting) this.#state.refuse(closedBeforeResponse(error));
    else if (this.#framing === 'close' && !error) this.#complete();
    else this.#state.finish(cutShort(wireBytes, headers));
  }

  #complete(excess = false): void {
    this.#state.finish({ kind: 'complete', framing: this.#framing, excess });
  }
}
