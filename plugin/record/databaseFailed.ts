import { ArchiverError, messageOf } from '../errors.ts';

/** Wraps what knex or PostgreSQL threw; what is ours already stays as it is. */
export function databaseFailed(doing: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  return new ArchiverError('database-failed', `The database failed while ${doing}: ${messageOf(cause)}`, { cause });
}
