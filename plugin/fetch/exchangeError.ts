import { CODES, type Code } from '../model/status.ts';
import { type Failure, failure } from './failure.ts';

/** The `code` of a thrown thing, or ''. */
export function errorCodeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}

/** What the connector says of a connection it could not or would not make; null for any other error. */
export function connectFailureOf(thrown: unknown): Failure | null {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const code = errorCodeOf(error);
    if (!isCode(code) || !('transient' in error) || !('reason' in error)) continue;
    return failure(code, String(error.reason), error.transient === true);
  }
  return null;
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}
