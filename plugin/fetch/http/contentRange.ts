import type { HeaderMap } from '../../model/attempt.ts';
import { field } from './headers.ts';

/** Which bytes of a representation a 206 brings; `end` is the last one of them. */
export interface ContentRange {
  readonly start: number;
  readonly end: number;
  /** null: the server does not tell. */
  readonly total: number | null;
}

/** `bytes 0-99/100`, RFC 9110 section 14.4; null when it is not one. */
export function contentRange(headers: HeaderMap): ContentRange | null {
  const found = /^bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(field(headers, 'content-range')?.trim() ?? '');
  if (!found) return null;
  const [start, end] = [Number(found[1]), Number(found[2])];
  const total = found[3] === '*' ? null : Number(found[3]);
  return end < start || (total !== null && end >= total) ? null : { start, end, total };
}

/** Whether a 206 holds the whole representation: no part was asked for, and none is left out. */
export function isWholeRange(headers: HeaderMap): boolean {
  const range = contentRange(headers);
  return range !== null && range.start === 0 && range.total !== null && range.end === range.total - 1;
}
