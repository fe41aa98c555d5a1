import type { Archival, ArchivalUpdate } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import { isBroken } from './isBroken.ts';
import { type CheckBounds, nextCheck } from './nextCheck.ts';
import { nextKnown } from './nextKnown.ts';
import { isOwnFault } from './ownFault.ts';
import { pollDelay } from './pollDelay.ts';
import { confirmedAfter, confirmedOf, isLinkFailure } from './status/confirmed.ts';
import { type TaskOutcome, taskOutcome } from './status/taskOutcome.ts';

/** The settings that say when a resource is tried again and looked at again. */
export interface Policy extends CheckBounds {
  /** Waits before the second, third and fourth attempt; at most three. */
  readonly retryDelaysMs: readonly number[];
  /** Failures of the link in a row that make it broken, and emit `archive.broken`. */
  readonly confirmFailures: number;
}

/** What a settled attempt changed for those who listen to its events. */
export type ArchivalTransition = 'succeeded' | 'unchanged' | 'failed' | 'broken' | 'recovered';

/** What an attempt means for the archival of its resource. */
export interface NextArchival extends TaskOutcome {
  readonly archival: ArchivalUpdate;
  /** false: a retry follows, the request is not answered yet. */
  readonly settled: boolean;
  readonly retryInMs: number | null;
  readonly transitions: readonly ArchivalTransition[];
}

/**
 * The next state of an archival. Pure.
 *
 * A transient failure is retried at most as often as the policy has delays, never sooner than the server asked.
 * A file that the server prepares (202) is asked for again for two minutes, whatever the policy's delays.
 * A row of failures counts settled requests that ended broken, transient or by a fault of our own; refusals of ours (too
 * large, not data, blocked) and 401/403 are *unsure*: they neither lengthen nor end it. Whatever fails, the last good copy
 * stays. `broken` says what this attempt proved; the link is broken (`isBroken`), and the event of this name emitted, once
 * `confirmFailures` failures in a row were its own. A resource with another URL has another link, whose failures are counted from 0.
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
  const works = isGood(attempt);
  const retryInMs = works ? null : retryDelay(attempt, attempts, policy.retryDelaysMs);
  const settled = retryInMs === null;
  const link = before.url === url ? before : { ...before, ...NO_FAILURES };
  const failures = failuresAfter(link, attempt, settled, now);
  const { linkFailureCount } = failures;
  const { confirmFailures } = policy;
  const confirmedBefore = before.url === url ? confirmedOf(before, confirmFailures) : null;
  const seen = { attempt, works, settled, linkFailureCount };
  const confirmed = confirmedAfter(confirmedBefore, seen, { confirmFailures, at: now });
  const counts = countsAfter(before, attempt);
  const freshUntil = attempt.freshUntil === null ? null : new Date(attempt.freshUntil);
  const ownFault = isOwnFault(attempt.code);
  const next = nextCheck({ now, freshUntil, ownFault, ...failures, ...counts, bounds: policy, random });

  const broken = works ? false : attempt.broken;

  return {
    archival: {
      url,
      host,
      code: attempt.code,
      reason: attempt.reason,
      broken,
      confirmed,
      attempts,
      ...failures,
      lastSuccessAt: works ? now : before.lastSuccessAt,
      checkedAt: now,
      nextCheckAt: retryInMs === null ? next : new Date(now.getTime() + retryInMs),
      freshUntil,
      ...counts,
      known: nextKnown(before.known, attempt, url, now),
      finalUrl: attempt.finalUrl ?? before.finalUrl,
      moved: works ? attempt.moved : before.moved,
    },
    settled,
    retryInMs,
    ...taskOutcome({
      settled,
      told: settled ? confirmed : null,
      last: { code: attempt.code, reason: attempt.reason, broken, at: now.toISOString() },
      isBroken: isBroken({ broken, linkFailureCount }, confirmFailures),
      attempts,
      runId: before.runIds.at(-1) ?? null,
    }),
    transitions: settled ? transitionsOf({ before, link, attempt, linkFailureCount, policy }) : [],
  };
}

const NO_FAILURES = { failureCount: 0, linkFailureCount: 0, firstFailureAt: null } as const;

/** A link that was only to be checked, and works, is as good as one whose file has not changed. */
function isGood({ kind, code }: Attempt): boolean {
  return kind === 'fetched' || kind === 'unchanged' || code === 'checked-only';
}

function failuresAfter(
  before: Archival,
  attempt: Attempt,
  settled: boolean,
  now: Date,
): Pick<Archival, 'failureCount' | 'linkFailureCount' | 'firstFailureAt'> {
  if (isGood(attempt)) return { failureCount: 0, linkFailureCount: 0, firstFailureAt: null };
  const ownFault = isOwnFault(attempt.code);
  const linkFailed = isLinkFailure(attempt);
  const ended = settled && attempt.kind === 'failed';
  const failureCount = before.failureCount + (ended && (ownFault || linkFailed) ? 1 : 0);
  // A worker of an earlier version that saw the link work has not written this count.
  const linkFailuresBefore = before.failureCount === 0 ? 0 : before.linkFailureCount;
  const linkFailureCount = linkFailuresBefore + (ended && linkFailed ? 1 : 0);
  return { failureCount, linkFailureCount, firstFailureAt: failureCount === 0 ? null : (before.firstFailureAt ?? now) };
}

function countsAfter(before: Archival, attempt: Attempt): Pick<Archival, 'unchangedCount' | 'changedCount'> {
  if (attempt.kind === 'fetched') return { unchangedCount: 0, changedCount: before.changedCount + 1 };
  if (isGood(attempt)) return { unchangedCount: before.unchangedCount + 1, changedCount: 0 };
  return { unchangedCount: before.unchangedCount, changedCount: before.changedCount };
}

function retryDelay(attempt: Attempt, attempts: number, delaysMs: readonly number[]): number | null {
  const isPrepared = attempt.status === 202 && attempt.transient;
  const pollMs = isPrepared && attempt.retryAfterMs !== null ? pollDelay(attempts, attempt.retryAfterMs) : null;
  if (pollMs !== null) return pollMs;
  const delayMs = delaysMs[attempts - 1];
  if (!attempt.transient || delayMs === undefined) return null;
  return Math.max(delayMs, attempt.retryAfterMs ?? 0);
}

function transitionsOf({
  before,
  link,
  attempt,
  linkFailureCount,
  policy: { confirmFailures },
}: {
  readonly before: Archival;
  /** `before`, without the failures of another URL. */
  readonly link: Archival;
  readonly attempt: Attempt;
  readonly linkFailureCount: number;
  readonly policy: Policy;
}): ArchivalTransition[] {
  const recovered: ArchivalTransition[] = before.failureCount > 0 ? ['recovered'] : [];
  if (attempt.kind === 'fetched') return ['succeeded', ...recovered];
  if (isGood(attempt)) return ['unchanged', ...recovered];
  const isConfirmed = linkFailureCount >= confirmFailures && linkFailureCount > link.linkFailureCount;
  return isConfirmed && link.linkFailureCount < confirmFailures ? ['failed', 'broken'] : ['failed'];
}
