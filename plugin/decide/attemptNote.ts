import type { Attempt } from '../model/attempt.ts';
import type { AttemptNote } from '../model/history.ts';

/** Of the sentences that say how a format was found. */
const EVIDENCE = 20;

/** What is remembered of an attempt that ended at `at`; null: it asked nobody. Pure. */
export function attemptNote(attempt: Attempt, at: Date): AttemptNote | null {
  const { code, reason, status, ms, requests, wireBytes, finalUrl, redirects, validators, evidence } = attempt;
  if (requests === 0) return null;
  const detail =
    attempt.kind === 'unchanged' ? null : { redirects, ...validators, evidence: evidence.slice(0, EVIDENCE) };
  const firstByteMs = attempt.firstByteMs ?? null;
  return { at, code, reason, status, ms: Math.round(ms), firstByteMs, requests, wireBytes, finalUrl, detail };
}
