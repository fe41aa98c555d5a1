import type { Request } from 'express';
import { inputOf } from './input/inputOf.ts';
import { PAGED } from './input/inputParts.ts';

/** Which part of a list is asked for. */
export interface PageQuery {
  /** 1 to 1000. */
  readonly limit: number;
  /** Name of the last entry of the page before; null: from the beginning. */
  readonly after: string | null;
}

/** A part of a list, and where the next one begins; null: there is none. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly next: string | null;
}

/** `?limit=` and `?after=`. Throws `invalid-request`. */
export function pageQueryOf({ query }: Request): PageQuery {
  const { limit, after = null } = inputOf(PAGED, query);
  return { limit, after };
}

/** Reads one entry more than is shown, which tells whether there are others. */
export async function readPage<Entry>(
  { limit, after }: PageQuery,
  read: (page: PageQuery) => Promise<readonly Entry[]>,
  nameOf: (entry: Entry) => string,
): Promise<Page<Entry>> {
  const found = await read({ limit: limit + 1, after });
  return cutPage(found, limit, nameOf);
}

/** The first `limit` of what was read. */
export function cutPage<Entry>(found: readonly Entry[], limit: number, nameOf: (entry: Entry) => string): Page<Entry> {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: found.length > limit && last !== undefined ? nameOf(last) : null };
}

/** Absolute URL of the next page with the same filters; null: this one is the last. */
export function nextPage(url: string, query: Readonly<Record<string, unknown>>, next: string | null): string | null {
  if (next === null) return null;
  const kept = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return `${url}?${new URLSearchParams({ ...Object.fromEntries(kept), after: next })}`;
}

/** The same for a list without filters. */
export const nextUrl = (url: string, next: string | null, limit: number): string | null =>
  nextPage(url, { limit }, next);
