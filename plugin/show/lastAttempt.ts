import { confirmedOf } from '../decide/status/confirmed.ts';
import type { Archival } from '../model/archival.ts';
import { CODES, type Code } from '../model/status.ts';

/** What was just seen of a link, whether or not it is confirmed. */
export interface LastAttempt {
  readonly at: Date;
  readonly code: Code;
  /** CKAN's name for `code`. */
  readonly status: string;
  /** A sentence for people. */
  readonly reason: string;
  /** What this attempt alone showed: true, it failed as broken links do; null: unsure. */
  readonly broken: boolean | null;
}

/** null: no attempt has ended yet. */
export function lastAttemptOf({ code, reason, broken, checkedAt }: Archival): LastAttempt | null {
  if (code === null || checkedAt === null) return null;
  return { at: checkedAt, code, status: CODES[code].status, reason: reason ?? '', broken };
}

/** An outcome that is believed: a success, what the archiver chose or could not do, a link that failed often enough in a row. */
export interface ConfirmedOutcome extends Omit<LastAttempt, 'broken'> {
  /** As it was confirmed; null: unsure, for it was no failure of the link. */
  readonly broken: boolean | null;
}

/** null: nothing is confirmed yet. */
export function confirmedOutcomeOf(archival: Archival, confirmFailures: number): ConfirmedOutcome | null {
  const confirmed = confirmedOf(archival, confirmFailures);
  return confirmed && { ...confirmed, at: new Date(confirmed.at), status: CODES[confirmed.code].status };
}
