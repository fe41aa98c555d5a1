import type { Confirmed } from '../../model/archival.ts';
import { CODES } from '../../model/status.ts';

/** What CKAN's `task_status` says of an attempt that ended. */
export interface TaskOutcome {
  readonly state: 'pending' | 'success' | 'failure';
  /** JSON `{code, status, reason, attempts, runId, is_broken, lastAttempt: {at, code, status, reason, broken}}`. */
  readonly value: string;
  /** Empty on success. */
  readonly error: string;
}

/**
 * `state`, `error` and in `value` the code, its status and its reason say what is confirmed (`told`), for clients of CKAN's
 * know no other word; `last` where nothing is, and while a retry follows. `is_broken` is `isBroken`: null while a failure is
 * not confirmed. What was just seen is `lastAttempt`. Pure.
 */
export function taskOutcome(outcome: {
  readonly settled: boolean;
  readonly told: Confirmed | null;
  readonly last: Confirmed;
  readonly isBroken: boolean | null;
  readonly attempts: number;
  readonly runId: string | null;
}): TaskOutcome {
  const { settled, last, isBroken, attempts, runId } = outcome;
  const { code, reason, broken } = outcome.told ?? last;
  const lastAttempt = {
    at: last.at,
    code: last.code,
    status: CODES[last.code].status,
    reason: last.reason,
    broken: last.broken,
  };
  const value = { code, status: CODES[code].status, reason, attempts, runId, is_broken: isBroken, lastAttempt };
  const works = broken === false;
  const state = works ? 'success' : settled ? 'failure' : 'pending';
  return { state, value: JSON.stringify(value), error: works ? '' : reason };
}
