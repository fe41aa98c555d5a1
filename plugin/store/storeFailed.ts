import { ArchiverError, messageOf } from '../errors.ts';

/** Wraps what a store's service threw; names the place, never its secrets. */
export function storeFailed(doing: string, place: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  return new ArchiverError('store-failed', `The store at ${place} failed while ${doing}: ${messageOf(cause)}`, {
    cause,
  });
}

/** `archive` and segments below it, none of them empty, `.` or `..`, no backslash or NUL in any. */
const SAFE_KEY = /^archive(?:\/(?!\.{1,2}(?:\/|$))[^/\\\0]+)+$/;

/** A key that could leave the archive is a mistake of ours, never a name to be used. */
export function checkKey(key: string): string {
  if (!SAFE_KEY.test(key)) throw new ArchiverError('store-failed', `${JSON.stringify(key)} is no key of the archive.`);
  return key;
}
