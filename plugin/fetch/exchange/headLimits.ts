import type { Socket } from 'node:net';
import { fields } from '../http/headers.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { HttpResponse } from './Response.ts';
/** A server may send any number of 1xx responses (RFC 9110 section 15.2); one that sends no other is given up. */
export const MAX_INTERIM_RESPONSES = 100;
const MAX_HEADER_LINES = 2000;
/** Colon, space and line end, which undici does not count. */
const LINE_OVERHEAD_BYTES = 4;

/** The status line and the header fields together. */
export function headTooLarge(): Failure {
  return failure('protocol', 'The head of the answer is larger than 64 KiB.');
}

/** Only 1xx responses came. */
export function tooManyInterim(): Failure {
  return failure('protocol', `The server sent more than ${MAX_INTERIM_RESPONSES} interim answers and no final one.`);
}

/** What is wrong with a head that a parser let through; null when nothing is. */
export function headFailure({
  status,
  statusText,
  headers,
}: Pick<HttpResponse, 'status' | 'statusText' | 'headers'>): Failure | null {
  if (status < 100) return unreadable(`there is no status ${status}`);
  if (statusText.includes('\0')) return unreadable('there is a NUL in it');
  let [lines, bytes] = [0, statusText.length];
  for (const name of Object.keys(headers)) {
    for (const value of fields(headers, name)) {
      lines += 1;
      bytes += name.length + value.length + LINE_OVERHEAD_BYTES;
    }
  }
  if (bytes > MAX_HEAD_BYTES) return headTooLarge();
  if (lines <= MAX_HEADER_LINES) return null;
  return failure('protocol', `The head of the answer has ${lines} lines; the limit is ${MAX_HEADER_LINES}.`);
}

/** `detail` as a parser says it, without a full stop. */
export function unreadable(detail?: string): Failure {
  return failure('protocol', `The answer is not readable as HTTP${detail === undefined ? '' : `: ${detail}`}.`);
}

/**
 * Calls `exceed` when 64 KiB more have come, until the function it returns is called: undici counts the bytes of header
 * fields alone, and would read an endless status line.
 */
export function watchHeadSize(socket: Socket, exceed: () => void): () => void {
  let limit = socket.bytesRead + MAX_HEAD_BYTES;
  const look = () => {
    if (socket.bytesRead > limit) exceed();
  };
  socket.on('readable', look);
  return () => {
    // The event that brought the end of the head still calls it.
    limit = Number.POSITIVE_INFINITY;
    socket.off('readable', look);
  };
}
