import type { Archival } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Copy } from '../model/copy.ts';
import type { Code } from '../model/status.ts';
import { refusedAttempt } from './refusedAttempt.ts';

const OWN_FAULTS: ReadonlySet<Code> = new Set<Code>(['internal', 'host-refused', 'store-failed']);

/** Whether an archival failed on our side: it says nothing of the link, and is for the operator to mend. */
export const isOwnFault = (code: Code | null): boolean => code !== null && OWN_FAULTS.has(code);

const NOT_RECORDABLE = 'What came of the link could not be recorded; the log says why.';

/**
 * What an attempt comes to whose outcome the database refuses as data. Nothing in it is the publisher's but the cost, so
 * that it can be recorded. `detail`: the database's words.
 */
export function unrecordableAttempt({ requests, wireBytes, ms }: Attempt, url: string, detail: string): Attempt {
  const internal = refusedAttempt(url, 'internal', NOT_RECORDABLE);
  return { ...internal, kind: 'failed', requests, wireBytes, ms, detail };
}

const NOT_TAKEN = "What was archived is kept, but the portal's own table did not take it; the log says why.";

/** What an attempt comes to whose result the host's table refuses. `detail`: the column and the database's words. */
export function hostRefusedAttempt(attempt: Attempt, detail: string): Attempt {
  const meaning = { code: 'host-refused', reason: NOT_TAKEN, transient: false, broken: null } as const;
  return { ...attempt, ...meaning, kind: 'failed', retryAfterMs: null, detail };
}

const NOT_STORED = 'The store does not take what came of the link, although it takes other files; the log says why.';

/** What an attempt comes to whose body the store refuses, and that alone. `detail`: the store's words. */
export function storeRefusedAttempt(
  { requests, wireBytes, ms }: Pick<Attempt, 'requests' | 'wireBytes' | 'ms'>,
  url: string,
  detail: string,
): Attempt {
  const refused = refusedAttempt(url, 'store-failed', NOT_STORED);
  // A busy store may take a try and refuse a body.
  return { ...refused, kind: 'failed', transient: true, requests, wireBytes, ms, detail };
}

/** The copy that the host's table refused is offered to it again; its publisher is not asked. */
export function offeredAgain(copy: Copy, { url, freshUntil, finalUrl, moved }: Archival): Attempt {
  const { bytes, md5, sha256, mediaType, format, charset, filename, etag, lastModified } = copy;
  const reason = "The copy that we have is offered to the portal's table again.";
  return {
    ...refusedAttempt(url, 'still-fresh', reason),
    kind: 'unchanged',
    finalUrl,
    moved,
    bytes,
    md5,
    sha256,
    mediaType,
    format,
    charset,
    filename,
    validators: { etag, lastModified },
    freshUntil: freshUntil === null ? null : freshUntil.toISOString(),
  };
}
