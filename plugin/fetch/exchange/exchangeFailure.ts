import { codeOf } from '../../errors.ts';
import type { HeaderMap } from '../../model/attempt.ts';
import { CODES, type Code } from '../../model/status.ts';
import { tlsReasonOf } from '../connect/tlsSocket.ts';
import { declaredLength } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { headTooLarge, unreadable } from './headLimits.ts';
import type { BodyEnd, ExchangeResult } from './Response.ts';

/** A request that got no response; `sent`: it may have been written. */
export function failedExchange(reason: Failure, sent = false): ExchangeResult & { readonly kind: 'failure' } {
  return { kind: 'failure', failure: reason, sent, malformed: false, staleConnection: false };
}

/** What the connector says of a connection it could not or would not make; null for any other error. */
export function connectFailureOf(thrown: unknown): Failure | null {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const code = codeOf(error);
    if (!isCode(code) || !('transient' in error) || !('reason' in error)) continue;
    const known = failure(code, String(error.reason), error.transient === true);
    return 'detail' in error && typeof error.detail === 'string' ? { ...known, detail: error.detail } : known;
  }
  return null;
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}

/** What a request came to that got no head. */
interface RequestFailure {
  readonly failure: Failure;
  /** The lenient parser may be able to read what came. */
  readonly malformed: boolean;
  /** Nothing came at all. */
  readonly closedBeforeResponse: boolean;
}

/** Why undici reports no head: the connector's failure, our limits, its parser's, or the end of the connection. */
export function requestFailureOf(error: Error): RequestFailure {
  const known = connectFailureOf(error) ?? limitFailureOf(error);
  if (known) return { failure: known, malformed: false, closedBeforeResponse: false };
  if (isUnreadable(error)) return { failure: unreadable(error.message), malformed: true, closedBeforeResponse: false };
  return { failure: closedBeforeResponse(error), malformed: false, closedBeforeResponse: true };
}

function limitFailureOf(error: Error): Failure | null {
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return headTooLarge();
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') return switchedProtocol();
  if (code === 'UND_ERR_INVALID_ARG') return failure('protocol', `The request cannot be sent: ${error.message}.`);
  return isTlsError(error) ? failure('tls', tlsReasonOf(error)) : null;
}

/** undici reports a length that is there twice, or is no number, as one that does not match. */
function isUnreadable(error: Error): boolean {
  const code = codeOf(error);
  return (
    isParserError(error) ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    (code === 'UND_ERR_SOCKET' && error.message === 'bad response')
  );
}

/** The connection ended, with an error or without one, before a byte of the final head came. */
export function closedBeforeResponse(error: Error | null): Failure {
  const code = codeOf(error);
  const how = code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'closed';
  return failure('reset', `The connection was ${how} before an answer came.`);
}

/** A 101 without a request for it. */
export function switchedProtocol(): Failure {
  return failure('protocol', 'The server switched to another protocol unasked.');
}

/** An error that the TLS layer of a connection reports. */
export function isTlsError(error: Error): boolean {
  return /^(?:EPROTO$|ERR_SSL|ERR_TLS)/.test(codeOf(error));
}

/** undici's parser error has no usable code. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError';
}

/** How a body ended when the connection, or undici's reading of its framing, failed after `bytes`. */
export function bodyEndOf(error: Error, bytes: number, headers: HeaderMap): BodyEnd {
  if (!isParserError(error) || /EOF/.test(error.message)) return cutShort(bytes, headers);
  const reason = `The body's framing is broken after ${bytes} bytes: ${error.message}.`;
  return brokenBody(reason, { malformed: !hasBrokenChunk(error) });
}

/** Chunks that no parser can read: asking a second time would only cost. Behind a size, browsers forgive whitespace. */
function hasBrokenChunk(error: Error): boolean {
  if (/Chunk size overflow|Expected LF after chunk data/.test(error.message)) return true;
  const rest = 'data' in error && typeof error.data === 'string' ? error.data : '';
  return /Invalid character in chunk size/.test(error.message) && !/^(?:[ \t\r\n;]|$)/.test(rest);
}

/** The connection went in the middle of a body: a range request may fetch the rest. */
export function cutShort(bytes: number, headers: HeaderMap): BodyEnd {
  const declared = declaredLength(headers);
  const of = declared === null ? '' : ` of ${declared}`;
  return brokenBody(`The connection ended after ${bytes}${of} bytes, before the body was complete.`, { lost: true });
}

/** A body that did not come to its end; `lost` and `malformed` as in {@link BodyEnd}. */
export function brokenBody(
  reason: string,
  { lost = false, malformed = false }: { readonly lost?: boolean; readonly malformed?: boolean } = {},
): BodyEnd {
  return { kind: 'broken', failure: failure('truncated', reason), lost, malformed };
}
