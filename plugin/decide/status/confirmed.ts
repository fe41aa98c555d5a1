import type { Archival, Confirmed } from '../../model/archival.ts';
import type { Attempt } from '../../model/attempt.ts';
import { CODES } from '../../model/status.ts';
import { isBroken } from '../isBroken.ts';
import { isOwnFault } from '../ownFault.ts';

/** What an attempt says that has been recorded, with nothing weighed. */
interface Seen {
  readonly attempt: Pick<Attempt, 'code' | 'reason' | 'broken' | 'transient'>;
  readonly works: boolean;
  readonly settled: boolean;
  /** With this attempt. */
  readonly linkFailureCount: number;
}

/** Whether an attempt counts against its link: it failed, by no fault and no choice of ours. */
export const isLinkFailure = ({ code, broken, transient }: Seen['attempt']): boolean =>
  !isOwnFault(code) && (broken === true || transient);

/**
 * What is confirmed after an attempt. A success is, and so is what we chose or could not do; a failure of the link is once
 * `confirmFailures` of them stand in a row. Until then, and while a broken link has not worked again, it stays what it was.
 * `before`: of this very URL, null where nothing is. Pure.
 */
export function confirmedAfter(
  before: Confirmed | null,
  { attempt, works, settled, linkFailureCount }: Seen,
  { confirmFailures, at }: { readonly confirmFailures: number; readonly at: Date },
): Confirmed | null {
  const { code, reason } = attempt;
  const now = at.toISOString();
  if (works) return { code, reason, broken: false, at: now };
  if (!settled) return before;
  const isConfirmedBroken = linkFailureCount >= confirmFailures;
  if (isLinkFailure(attempt)) return isConfirmedBroken ? { code, reason, broken: true, at: now } : before;
  return isConfirmedBroken && before?.broken === true ? before : { code, reason, broken: null, at: now };
}

/**
 * What is confirmed of a link; null: nothing yet. Where a version before this was kept has recorded since, or the setting
 * `confirmFailures` has changed, it follows `isBroken`.
 */
export function confirmedOf(archival: Archival, confirmFailures: number): Confirmed | null {
  const last = lastOf(archival);
  const broken = isBroken(archival, confirmFailures);
  if (broken === false) return last;
  const kept = keptOf(archival);
  if (broken === true) return kept?.broken === true ? kept : last && { ...last, broken };
  return kept?.broken === true ? null : kept;
}

function lastOf({ code, reason, broken, checkedAt }: Archival): Confirmed | null {
  if (code === null || checkedAt === null) return null;
  return { code, reason: reason ?? '', broken, at: checkedAt.toISOString() };
}

/** A success after it was recorded is one that a version before this recorded. */
function keptOf(archival: Archival): Confirmed | null {
  const { confirmed, lastSuccessAt, code } = archival;
  if (confirmed && (lastSuccessAt === null || lastSuccessAt <= new Date(confirmed.at))) return confirmed;
  const isUnconfirmed = code !== null && isLinkFailure({ ...CODES[code], code, reason: '' });
  if (!isUnconfirmed) return lastOf(archival);
  return lastSuccessAt && { code: 'archived', reason: '', broken: false, at: lastSuccessAt.toISOString() };
}
