import type { HeaderMap } from '../../model/attempt.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { AttemptScope } from './AttemptScope.ts';
import { BodyQueue } from './bodyQueue.ts';
import { failedExchange } from './exchangeFailure.ts';
import { headFailure, MAX_INTERIM_RESPONSES, tooManyInterim } from './headLimits.ts';
import type { BodyEnd, Consume, ExchangeResult, HttpResponse } from './Response.ts';

/** What an exchange needs of the connection below it. */
export interface ExchangeConnection {
  /** Holds the sender back, until `resume`. */
  pause(): void;
  resume(): void;
  /** Called once, when the exchange is over: listeners go, a pause ends. */
  release(): void;
  /** Called after `release` when the exchange ended before the server's side of it did. */
  abort(): void;
}

type ResponseHead = Pick<HttpResponse, 'status' | 'statusText' | 'headers'>;

/**
 * One exchange, whichever parser reads it:
 *
 *     waiting ──begin──▶ reading ──finish──▶ over
 *        │                  │                 ▲
 *        └─ refuse, stop ───┴─── stop, drop ──┘
 *
 * `waiting`: for the final head; how that ends is the exchange's result, given once. `reading`: the result is this
 * response, its body passes through the queue. `over`: nothing more is taken from the connection; what the queue still
 * holds can be read.
 */
export class ExchangeState implements HttpResponse {
  readonly lenient: boolean;
  status = 0;
  statusText = '';
  headers: HeaderMap = {};
  readonly #scope: Pick<AttemptScope, 'deadlines' | 'signal'>;
  readonly #connection: ExchangeConnection;
  readonly #resolve: (result: ExchangeResult) => void;
  readonly #body: BodyQueue;
  readonly #onAbort = () => this.stop(stopped());
  #phase: 'waiting' | 'reading' | 'over' = 'waiting';
  #sent = false;
  #interim = 0;

  constructor(
    connection: ExchangeConnection,
    scope: Pick<AttemptScope, 'deadlines' | 'signal'>,
    { lenient, resolve }: { readonly lenient: boolean; resolve(result: ExchangeResult): void },
  ) {
    this.lenient = lenient;
    this.#connection = connection;
    this.#scope = scope;
    this.#resolve = resolve;
    this.#body = new BodyQueue({
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      abort: () => this.#abort(),
    });
  }

  get wireBytes(): number {
    return this.#body.bytes;
  }

  /** For the final head. */
  get waiting(): boolean {
    return this.#phase === 'waiting';
  }

  get over(): boolean {
    return this.#phase === 'over';
  }

  /** From now on the attempt's deadlines and signal end the exchange; perhaps they do so here. */
  start(): void {
    const { deadlines, signal } = this.#scope;
    deadlines.connecting((expired) => this.stop(expired));
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** The request is written: the server's time runs. */
  sent(): void {
    this.#sent = true;
    this.#scope.deadlines.sent();
  }

  /** The head of a 1xx response. */
  interim(): void {
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM_RESPONSES) this.stop(tooManyInterim());
  }

  /** The final head, which is the result of the exchange unless it is too large or no head at all. */
  begin({ status, statusText, headers }: ResponseHead): void {
    if (!this.waiting) return;
    const wrong = headFailure({ status, statusText, headers });
    if (wrong) {
      this.stop(wrong);
      return;
    }
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.#phase = 'reading';
    this.#scope.deadlines.headed();
    this.#resolve({ kind: 'response', response: this });
  }

  /** Bytes came from the server, whatever they are. */
  progress(bytes: number): void {
    this.#scope.deadlines.progress(bytes);
  }

  push(chunk: Buffer): void {
    this.#body.push(chunk);
  }

  /** The body has ended, or the connection has. */
  finish(end: BodyEnd): void {
    if (this.over) return;
    this.#leave();
    this.#body.end(end);
  }

  /** No final head will come; `how`: what may be done about it. */
  refuse(reason: Failure, how: { readonly malformed?: boolean; readonly staleConnection?: boolean } = {}): void {
    if (this.over) return;
    this.#leave();
    this.#resolve({ ...failedExchange(reason, this.#sent), ...how });
  }

  /** Ends the exchange from our side. */
  stop(reason: Failure): void {
    if (this.over) return;
    if (this.waiting) this.refuse(reason);
    else this.finish({ kind: 'broken', failure: reason, lost: false, malformed: false });
    this.#connection.abort();
  }

  read(consume: Consume): Promise<BodyEnd> {
    return this.#body.read(consume);
  }

  drop(): void {
    this.#body.drop();
  }

  #leave(): void {
    this.#phase = 'over';
    this.#scope.signal.removeEventListener('abort', this.#onAbort);
    this.#scope.deadlines.leave();
    this.#connection.release();
  }

  #abort(): void {
    if (!this.over) this.#leave();
    this.#connection.abort();
  }

  #pause(): void {
    if (this.over) return;
    // Only a slow reader stops the server's clock: a full queue that nobody waits for does not.
    if (this.#body.waiting) this.#scope.deadlines.pause();
    this.#connection.pause();
  }

  #resume(): void {
    if (this.over) return;
    this.#scope.deadlines.resume();
    this.#connection.resume();
  }
}

/** The failure of an exchange that the attempt's signal ended. */
export function stopped(): Failure {
  return failure('internal', 'The attempt was stopped.', true);
}
