import { ArchiverError } from '../../errors.ts';

/** Where a list goes on: what it is ordered by, and the last row's place in that order. */
export type Place = readonly (string | number)[];

/** A place in a list as text that a URL takes. */
export function writeCursor(order: string, place: Place): string {
  return Buffer.from(JSON.stringify([order, ...place])).toString('base64url');
}

/**
 * The place that a cursor stands for. `kinds`: the types of its parts. Throws `ArchiverError('invalid-request')` for one of
 * another list, or none at all.
 */
export function readCursor(cursor: string, order: string, kinds: readonly ('string' | 'number')[]): Place {
  const [of, ...place] = parsed(cursor);
  const fits =
    of === order &&
    place.length === kinds.length &&
    kinds.every((kind, i) => typeof place[i] === kind && isStorable(place[i]));
  if (fits) return place.filter((part) => typeof part === 'string' || typeof part === 'number');
  throw new ArchiverError('invalid-request', 'The cursor is none of this list.');
}

const isStorable = (part: unknown): boolean => typeof part !== 'string' || !part.includes('\0');

function parsed(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
