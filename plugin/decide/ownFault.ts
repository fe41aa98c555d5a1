import type { Attempt } from '../model/attempt.ts';
import type { Code } from '../model/status.ts';
import { refusedAttempt } from './refusedAttempt.ts';

const OWN_FAULTS: ReadonlySet<Code> = new Set<Code>(['internal']);

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
