import { isObject } from '../isObject.ts';

/** What a store says of whose it is; written beside the copies, never among them. */
export interface StoreMark {
  readonly owner: string;
  /** New with each writing, so that of two databases with one history each sees what it did not write. */
  readonly token: string;
  /** Two databases with one history have written here. */
  readonly contested: boolean;
}

/** What the database knows of it. */
export interface KnownMark {
  readonly owner: string;
  /** Those that it wrote, or is about to write. */
  readonly tokens: readonly string[];
  /** false: what is known was written by another database, of which this is a copy. */
  readonly isOfThisDatabase: boolean;
}

/**
 * `foreign`: another database adopted the store. `copied`: this database is a copy. `contested`: there are two, or a backup came
 * back. `unmarked`: the mark cannot be read or written.
 */
export type StoreConflict = 'foreign' | 'copied' | 'contested' | 'unmarked';

/** null: the store is this database's, or nobody's yet. A store of several places has a mark in each. */
export function storeConflict(marks: readonly StoreMark[], known: KnownMark): StoreConflict | null {
  if (!known.isOfThisDatabase) return 'copied';
  if (marks.some(({ owner }) => owner !== known.owner)) return 'foreign';
  return marks.some(({ token, contested }) => contested || !known.tokens.includes(token)) ? 'contested' : null;
}

const UNTIL =
  'No copy is removed from it until portal-archiver adopt-store is run for the database that it belongs to.';

/** The sentence for people; it names no server. */
export const CONFLICT_REASONS: Readonly<Record<StoreConflict, string>> = {
  foreign: `The store belongs to another database. ${UNTIL}`,
  copied: `This database is a copy of the one that the store belongs to, or was moved. ${UNTIL}`,
  contested: `Another database writes to the store as well, or this one was restored from a backup. ${UNTIL}`,
  unmarked:
    'Whose the store is cannot be found out: its mark, .portal-archiver.json beside the copies, cannot be read or written. ' +
    'No copy is removed until it can be; the log says why.',
};

const NOT_OURS: StoreMark = { owner: '', token: '', contested: false };

/** What a store keeps, read again. A text that is no mark is another's: of a version to come, or of another program. */
export function parseMark(text: string): StoreMark {
  const { owner, token, contested } = parsed(text);
  if (typeof owner !== 'string' || typeof token !== 'string') return NOT_OURS;
  return { owner, token, contested: contested === true };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
