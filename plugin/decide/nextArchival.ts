import type { Archival } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import { CODES } from '../model/status.ts';
import { knownOf } from './knownOf.ts';
import { type CheckBounds, nextCheck } from './nextCheck.ts';

export interface Policy extends CheckBounds {
  /** Waits before the second, third and fourth attempt; at most three. */
  readonly retryDelaysMs: readonly number[];
  /** Failed requests in a row after which `archive.broken` is told. */
  readonly confirmFailures: number;
}

export type Happening = 'succeeded' | 'unchanged' | 'failed' | 'broken' | 'recovered';

/** What an attempt means for the archival of its resource. */
export interface NextArchival {
  readonly archival: Pick<
    Archival,
    | 'url' | 'host' | 'code' | 'reason' | 'broken' | 'attempts' | 'failureCount' | 'firstFailureAt' | 'lastSuccessAt'
    | 'checkedAt' | 'nextCheckAt' | 'freshUntil' | 'unchangedCount' | 'changedCount' | 'known' | 'finalUrl' | 'moved'
  >;
  /** false: a retry follows, the request is not answered yet. */
  readonly settled: boolean;
  readonly retryInMs: number | null;
  readonly state: 'pending' | 'success' | 'failure';
  /** JSON for task_status: `{code, status, reason, attempts, runId}`. */
  readonly value: string;
  readonly error: string;
  readonly happenings: readonly Happening[];
}

/**
 * The next state of an archival. Pure.
 *
 * A transient failure is retried at most as often as the policy has delays, never sooner than the server asked.
 * A row of failures counts settled requests that ended broken or transient; refusals of ours (too large, not data,
 * blocked) and 401/403 are *unsure*: they neither lengthen nor end it. Whatever fails, the last good copy stays.
 * `broken` says what this attempt proved; the event `broken` waits for `confirmFailures` in a row.
 */
export function nextArchival(input: {
  readonly before: Archival;
  readonly attempt: Attempt;
  readonly url: string;
  readonly host: string;
  readonly now: Date;
  readonly policy: Policy;
  readonly random: number;
}): NextArchival {
  const { before, attempt, url, host, now, policy, random } = input;
  const attempts = before.attempts + 1;
  const works = attempt.kind === 'fetched' || attempt.kind === 'unchanged';
  const retryInMs = works ? null : retryDelay(attempt, attempts, policy.retryDelaysMs);
  const settled = retryInMs === null;
  const isFailure = attempt.kind === 'failed' && (attempt.broken === true || attempt.transient);
  const failureCount = works ? 0 : before.failureCount + (settled && isFailure ? 1 : 0);
  const unchangedCount = attempt.kind === 'unchanged' ? before.unchangedCount + 1 : works ? 0 : before.unchangedCount;
  const freshUntil = attempt.freshUntil === null ? null : new Date(attempt.freshUntil);
  const next = nextCheck({ now, freshUntil, failureCount, unchangedCount, bounds: policy, random });

  return {
    archival: {
      url,
      host,
      code: attempt.code,
      reason: attempt.reason,
      broken: attempt.broken,
      attempts,
      failureCount,
      firstFailureAt: failureCount === 0 ? null : (before.firstFailureAt ?? now),
      lastSuccessAt: works ? now : before.lastSuccessAt,
      checkedAt: now,
      nextCheckAt: retryInMs === null ? next : new Date(now.getTime() + retryInMs),
      freshUntil,
      unchangedCount,
      changedCount: attempt.kind === 'fetched' ? before.changedCount + 1 : attempt.kind === 'unchanged' ? 0 : before.changedCount,
      known: knownOf(before.known, attempt, url, now),
      finalUrl: attempt.finalUrl ?? before.finalUrl,
      moved: works ? attempt.moved : before.moved,
    },
    settled,
    retryInMs,
    state: works ? 'success' : settled ? 'failure' : 'pending',
    value: JSON.stringify({
      code: attempt.code,
      status: CODES[attempt.code].status,
      reason: attempt.reason,
      attempts,
      runId: before.runIds.at(-1) ?? null,
    }),
    error: works ? '' : attempt.reason,
    happenings: settled ? happenings(before, attempt, failureCount, policy) : [],
  };
}

function retryDelay(attempt: Attempt, attempts: number, delaysMs: readonly number[]): number | null {
  const delayMs = delaysMs[attempts - 1];
  if (!attempt.transient || delayMs === undefined) return null;
  return Math.max(delayMs, attempt.retryAfterMs ?? 0);
}

function happenings(before: Archival, attempt: Attempt, failureCount: number, policy: Policy): Happening[] {
  const recovered: Happening[] = before.failureCount > 0 ? ['recovered'] : [];
  if (attempt.kind === 'fetched') return ['succeeded', ...recovered];
  if (attempt.kind === 'unchanged') return ['unchanged', ...recovered];
  const confirmed = failureCount === policy.confirmFailures && before.failureCount < failureCount;
  return confirmed ? ['failed', 'broken'] : ['failed'];
}
