import { isBroken } from '../../decide/isBroken.ts';
import type { Archival } from '../../model/archival.ts';
import type { BadgeState, BadgeWords } from '../../model/badgeWords.ts';
import type { Copy } from '../../model/copy.ts';

/** A badge in one language. */
export interface Badge {
  readonly state: BadgeState;
  readonly label: string;
  /** The state as a sentence, with its dates. */
  readonly message: string;
  /** As shields.io names colours. */
  readonly color: string;
}

const COLORS: Readonly<Record<BadgeState, string>> = {
  archived: 'brightgreen',
  broken: 'orange',
  unsure: 'yellow',
  brokenWithoutCopy: 'red',
  withoutCopy: 'lightgrey',
  pending: 'lightgrey',
};

/** How a resource stands: its archival (null: never asked for) and its newest copy. */
export interface BadgeSubject {
  readonly archival: Archival | null;
  readonly newest: Pick<Copy, 'storedAt'> | null;
  readonly confirmFailures: number;
}

/** What anybody understands of how a resource stands. Dates are of the day in UTC. */
export function badgeOf(subject: BadgeSubject, language: string, words: BadgeWords): Badge {
  const state = stateOf(subject);
  const { archival, newest } = subject;
  const dates: Readonly<Record<string, Date | null>> = {
    copied: newest?.storedAt ?? null,
    since: archival?.firstFailureAt ?? archival?.checkedAt ?? null,
  };
  const message = words[state].replace(/\{(copied|since)\}/g, (_, name: string) =>
    dayIn(language, dates[name] ?? null),
  );
  return { state, label: words.label, message, color: COLORS[state] };
}

function stateOf({ archival, newest, confirmFailures }: BadgeSubject): BadgeState {
  if (!archival || archival.code === null) return newest ? 'archived' : 'pending';
  const broken = isBroken(archival, confirmFailures);
  if (broken === true) return newest ? 'broken' : 'brokenWithoutCopy';
  if (!newest) return 'withoutCopy';
  return broken === false ? 'archived' : 'unsure';
}

function dayIn(language: string, day: Date | null): string {
  return day ? new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(day) : '?';
}
