import { ArchiverError, codeOf, messageOf } from '../../errors.ts';

/** Wraps what knex or PostgreSQL threw; what is ours already stays as it is. */
export function databaseFailed(doing: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  const code = isRefusedData(cause) ? 'data-refused' : 'database-failed';
  return new ArchiverError(code, `The database failed while ${doing}: ${messageOf(cause)}`, { cause });
}

/** SQLSTATE classes of data that cannot be stored: not readable as its type, against a constraint, above a limit. */
function isRefusedData(cause: unknown): boolean {
  return /^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(cause));
}

/** SQLSTATE classes of a server that is away, full or shutting down. */
const OF_THE_SERVER = /^(08|53|57|58)/;

/** false: the server could not be reached or cannot serve; true: it, or the host, objects to what should be written. */
export function isAboutRows(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string') {
      if (/^[0-9A-Z]{5}$/.test(current.code) && /\d/.test(current.code)) return !OF_THE_SERVER.test(current.code);
      if (/^E[A-Z]+$/.test(current.code)) return false;
    }
    if (current.name === 'KnexTimeoutError' || /^connection terminated/i.test(current.message)) return false;
  }
  return true;
}

/** SQLSTATEs of a deadlock and of a failed serialization: nothing was written, and the next try may go through. */
const COLLISION = /^(40P01|40001)$/;
/** Besides collisions: a transaction that was ended (40), a connection that may only read (25), an object in use (55). */
const PASSING = /^(25|40|55)[0-9A-Z]{3}$/;

/** Whether PostgreSQL ended a transaction because it collided with another: the same work may go through now. */
export function isCollision(error: unknown): boolean {
  return hasSqlState(error, COLLISION);
}

/** Whether the same rows may be taken at another time, or over another connection. */
export function isPassing(error: unknown): boolean {
  return hasSqlState(error, PASSING);
}

/** `host-refused` for what the host's table threw because of the rows that it was to take; all else as it is. */
export function asRefusal(error: unknown): unknown {
  return isAboutRows(error) && !isPassing(error)
    ? new ArchiverError('host-refused', messageOf(error), { cause: error })
    : error;
}

/** The session may only read: the server turned into a standby, or the database is set so. */
export function isReadOnly(error: unknown): boolean {
  return hasSqlState(error, /^25006$/);
}

/** Tables or schema are not there. */
export function isGone(error: unknown): boolean {
  return hasSqlState(error, /^(42P01|3F000)$/);
}

function hasSqlState(error: unknown, pattern: RegExp): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (pattern.test(codeOf(current))) return true;
  }
  return false;
}
