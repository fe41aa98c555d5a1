import { ArchiverError, messageOf } from '../errors.ts';

/** Wraps what a store's service threw; names the place, never its secrets. */
export function storeFailed(doing: string, place: string, cause: unknown): ArchiverError {
  if (cause instanceof ArchiverError) return cause;
  return new ArchiverError('store-failed', `The store at ${place} failed while ${doing}: ${messageOf(cause)}`, {
    cause,
  });
}

/** A key that could leave the archive is a mistake of ours, never a name to be used. */
export function checkKey(key: string): string {
  const segments = key.split('/');
  const isSafe =
    segments[0] === 'archive' &&
    segments.length > 1 &&
    segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..' && !/[\\\0]/.test(segment));
  if (!isSafe) throw new ArchiverError('store-failed', `${JSON.stringify(key)} is no key of the archive.`);
  return key;
}
