import type { HeaderMap } from '../../model/attempt.ts';
import { CODES, type Code } from '../../model/status.ts';
import { tlsReasonOf } from '../connect/tlsSocket.ts';
import { declaredLength } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { headTooLarge } from './headLimits.ts';
import type { BodyEnd, ExchangeResult } from './Response.ts';

/** The `code` of a thrown thing, or ''. */
export function errorCodeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}

/** A request that got no response; `sent`: it may have been written. */
export function failedExchange(reason: Failure, sent = false): ExchangeResult {
  return { kind: 'failure', failure: reason, sent, malformed: false, staleConnection: false };
}

/** What the connector says of a connection it could not or would not make; null for any other error. */
export function connectFailureOf(thrown: unknown): Failure | null {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const code = errorCodeOf(error);
    if (!isCode(code) || !('transient' in error) || !('reason' in error)) continue;
    const known = failure(code, String(error.reason), error.transient === true);
    return 'detail' in error && typeof error.detail === 'string' ? { ...known, detail: error.detail } : known;
  }
  return null;
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}

/** What became of a body when the connection, or its framing, failed. */
export function bodyEndOf(error: Error, bytes: number, headers: HeaderMap): BodyEnd {
  const declared = declaredLength(headers);
  const of = declared === null ? '' : ` of ${declared}`;
  if (isParserError(error) && !/EOF/.test(error.message)) {
    const reason = `The body's framing is broken after ${bytes} bytes: ${error.message}.`;
    return { kind: 'broken', failure: failure('truncated', reason), lost: false, malformed: !hasBrokenChunk(error) };
  }
  return cut(`The connection ended after ${bytes}${of} bytes, before the body was complete.`);
}

/** Chunks that no parser can read: asking a second time would only cost. Behind a size, browsers forgive blanks. */
function hasBrokenChunk(error: Error): boolean {
  if (/Chunk size overflow|Expected LF after chunk data/.test(error.message)) return true;
  const rest = 'data' in error && typeof error.data === 'string' ? error.data : '';
  return /Invalid character in chunk size/.test(error.message) && !/^(?:[ \t\r\n;]|$)/.test(rest);
}

export function isTlsError(error: Error): boolean {
  return /^(?:EPROTO$|ERR_SSL|ERR_TLS)/.test(errorCodeOf(error));
}

/** undici's parser error has no usable code. */
function isParserError(error: Error): boolean {
  return error.name === 'HTTPParserError';
}

/** What a request came to that got no head: `odd` when the lenient parser may read it, `hungUp` when nobody answered. */
export function requestFailureOf(error: Error): {
  failure: Failure;
  malformed: boolean;
  closedBeforeResponse: boolean;
} {
  const known = connectFailureOf(error);
  if (known) return { failure: known, malformed: false, closedBeforeResponse: false };
  const code = errorCodeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { failure: headTooLarge(), malformed: false, closedBeforeResponse: false };
  }
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') {
    return {
      failure: failure('protocol', 'The server switched to another protocol unasked.'),
      malformed: false,
      closedBeforeResponse: false,
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
      malformed: true,
      closedBeforeResponse: false,
    };
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return {
      failure: failure('protocol', `The request cannot be sent: ${error.message}.`),
      malformed: false,
      closedBeforeResponse: false,
    };
  }
  if (isTlsError(error))
    return { failure: failure('tls', tlsReasonOf(error)), malformed: false, closedBeforeResponse: false };
  const how = code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'closed';
  return {
    failure: failure('reset', `The connection was ${how} before an answer came.`),
    malformed: false,
    closedBeforeResponse: true,
  };
}

export function tooLong(): BodyEnd {
  const reason = 'The body is longer than its declared length.';
  return { kind: 'broken', failure: failure('truncated', reason), lost: false, malformed: false };
}

export function cut(reason: string): BodyEnd {
  return { kind: 'broken', failure: failure('truncated', reason), lost: true, malformed: false };
}
