import type { Socket } from 'node:net';
import type { HeaderMap } from '../../model/attempt.ts';
import type { Framing } from '../http/framing.ts';
import { declaredLength, fields } from '../http/headers.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { AttemptScope } from './AttemptScope.ts';
import { BodyQueue } from './bodyQueue.ts';
import { ChunkedBody } from './chunkedBody.ts';
import type { Deadlines } from './deadlines.ts';
import { connectFailureOf, errorCodeOf, failedExchange } from './exchangeFailure.ts';
import { headFailure, headTooLarge, MAX_INTERIM_RESPONSES, tooManyInterim } from './headLimits.ts';
import { headEnd, type LenientHead, parseLenientHead } from './lenientHead.ts';
import type { BodyEnd, Consume, ExchangeResult, HttpRequest, HttpResponse } from './Response.ts';

export type SocketFor = (url: URL, signal: AbortSignal, deadlineMs: number) => Promise<Socket>;

/**
 * The second chance of an odd server: a GET read as browsers read it, on a guarded connection of its own that is closed
 * afterwards. Node's own lenient parser still refuses a repeated equal or an unreadable Content-Length, which browsers
 * and curl accept; hence a parser of ours. Resolves with the head of the answer; never rejects.
 */
export async function lenientExchange(
  socketFor: SocketFor,
  request: HttpRequest,
  { deadlines, signal }: Pick<AttemptScope, 'deadlines' | 'signal'>,
): Promise<ExchangeResult> {
  const stopped = () => failedExchange(failure('internal', 'The attempt was stopped.', true));
  if (signal.aborted) return stopped();
  try {
    const socket = await socketFor(request.url, signal, deadlines.remainingMs);
    return await new Promise<ExchangeResult>((resolve) => {
      new LenientExchange(socket, request, resolve, deadlines, signal).start();
    });
  } catch (error) {
    if (signal.aborted) return stopped();
    return failedExchange(connectFailureOf(error) ?? failure('reset', `No connection could be made: ${String(error)}`));
  }
}

class LenientExchange implements HttpResponse {
  readonly lenient = true;
  status = 0;
  statusText = '';
  headers: HeaderMap = {};
  readonly #socket: Socket;
  readonly #request: HttpRequest;
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #deadlines: Deadlines;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#fail(failure('internal', 'The attempt was stopped.', true));
  readonly #body: BodyQueue;
  #head = '';
  #headed = false;
  #over = false;
  #interim = 0;
  #framing: Framing = 'close';
  #left = 0;
  #chunked = new ChunkedBody();

  constructor(
    socket: Socket,
    request: HttpRequest,
    resolve: (result: ExchangeResult) => void,
    deadlines: Deadlines,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#resolve = resolve;
    this.#deadlines = deadlines;
    this.#signal = signal;
    this.#body = new BodyQueue({
      pause: () => {
        if (this.#body.waiting) deadlines.pause();
        socket.pause();
      },
      resume: () => {
        if (this.#over) return;
        deadlines.resume();
        socket.resume();
      },
      abort: () => this.#leave(),
    });
  }

  get wireBytes(): number {
    return this.#body.bytes;
  }

  start(): void {
    this.#deadlines.connecting((expired) => this.#fail(expired));
    this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#socket
      .on('data', (chunk: Buffer) => this.#onData(chunk))
      .on('end', () => this.#onEnd(null))
      .on('error', (error) => this.#onEnd(error))
      .on('close', () => this.#onEnd(new Error('closed')));
    const lines = Object.entries(this.#request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `GET ${this.#request.path} HTTP/1.1\r\nhost: ${this.#request.url.host}\r\nconnection: close\r\n${lines.join('')}\r\n`;
    this.#socket.write(head, 'latin1');
    this.#deadlines.sent();
  }

  read(consume: Consume): Promise<BodyEnd> {
    return this.#body.read(consume);
  }

  drop(): void {
    this.#body.drop();
    this.#leave();
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#headed) this.#onBody(chunk);
    else this.#onHead(chunk);
  }

  #onHead(chunk: Buffer): void {
    this.#head += chunk.toString('latin1');
    const end = headEnd(this.#head);
    if ((end ?? this.#head.length) > MAX_HEAD_BYTES) {
      this.#fail(headTooLarge());
      return;
    }
    if (end === null) {
      // Nothing that is no HTTP grows into it; no need to wait for its end.
      if (!/^[\r\n]*(?:H|I|$)/i.test(this.#head)) this.#fail(unreadable());
      return;
    }
    const head = parseLenientHead(this.#head.slice(0, end));
    const rest = Buffer.from(this.#head.slice(end), 'latin1');
    this.#head = '';
    if (!head) this.#fail(unreadable());
    else if (head.status === 101) this.#fail(failure('protocol', 'The server switched to another protocol unasked.'));
    else if (head.status >= 100 && head.status < 200) this.#onInterim(rest);
    else this.#onFinalHead(head, rest);
  }

  #onInterim(rest: Buffer): void {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM_RESPONSES) this.#fail(tooManyInterim());
    else if (rest.length > 0) this.#onHead(rest);
  }

  #onFinalHead(head: LenientHead, rest: Buffer): void {
    const lengths = new Set(
      fields(head.headers, 'content-length')
        .flatMap((value) => value.split(','))
        .map(Number),
    );
    const chunked = /\bchunked\s*$/i.test(fields(head.headers, 'transfer-encoding').join(','));
    if (!chunked && lengths.size > 1) {
      this.#fail(failure('protocol', 'The answer declares several different lengths.'));
      return;
    }
    const bad = headFailure(head);
    if (bad) {
      this.#fail(bad);
      return;
    }
    this.status = head.status;
    this.statusText = head.statusText;
    this.headers = head.headers;
    this.#headed = true;
    const declared = declaredLength(head.headers);
    this.#framing = chunked ? 'chunked' : declared === null ? 'close' : 'length';
    this.#left = declared ?? 0;
    this.#deadlines.headed();
    this.#resolve({ kind: 'response', response: this });
    if (head.status === 204 || head.status === 304 || (declared === 0 && !chunked)) this.#complete();
    else if (rest.length > 0) this.#onBody(rest);
  }

  #onBody(chunk: Buffer): void {
    this.#deadlines.progress(chunk.length);
    if (this.#framing === 'close') this.#body.push(chunk);
    else if (this.#framing === 'length') this.#onMeasured(chunk);
    else this.#onChunked(chunk);
  }

  #onMeasured(chunk: Buffer): void {
    if (this.#left > 0) this.#body.push(chunk.subarray(0, this.#left));
    const excess = /[^\r\n]/.test(chunk.toString('latin1', this.#left, this.#left + 64));
    this.#left -= Math.min(chunk.length, this.#left);
    if (this.#left > 0) return;
    if (excess) this.#finish(cut('The body is longer than its declared length.', false));
    else this.#complete();
  }

  #onChunked(chunk: Buffer): void {
    const found = this.#chunked.push(chunk);
    for (const part of found ?? []) this.#body.push(part);
    if (!found) this.#finish(cut(`The body's chunks are broken after ${this.wireBytes} bytes.`, false));
    else if (this.#chunked.complete) this.#complete();
  }

  #onEnd(error: Error | null): void {
    if (this.#over) return;
    if (!this.#headed) {
      const how = error && errorCodeOf(error) === 'ECONNRESET' ? 'reset' : 'closed';
      this.#fail(failure('reset', `The connection was ${how} before an answer came.`));
    } else if (this.#framing === 'close' && !error) this.#complete();
    else this.#finish(cut(`The connection ended after ${this.wireBytes} bytes, before the body was complete.`, true));
  }

  #complete(): void {
    this.#finish({ kind: 'complete', framing: this.#framing });
  }

  #fail(reason: Failure): void {
    if (this.#over) return;
    if (this.#headed) this.#finish({ kind: 'broken', failure: reason, lost: false, malformed: false });
    else {
      this.#leave();
      this.#resolve(failedExchange(reason, true));
    }
  }

  #finish(end: BodyEnd): void {
    this.#leave();
    this.#body.end(end);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#deadlines.leave();
    this.#socket.destroy();
  }
}

function unreadable(): Failure {
  return failure('protocol', 'The answer is not readable as HTTP.');
}

function cut(reason: string, lost: boolean): BodyEnd {
  return { kind: 'broken', failure: failure('truncated', reason), lost, malformed: false };
}
