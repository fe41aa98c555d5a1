import type { Request } from 'express';
import type { Copy } from '../model/copy.ts';

type Version = Pick<Copy, 'sha256' | 'storedAt'>;

/** Strong: the same bytes always have the same tag (RFC 9110 section 8.8.3). */
export const etagOf = ({ sha256 }: Version): string => `"${sha256}"`;

/** RFC 9110 section 13.2.2: If-Match decides alone where it is there, else If-Unmodified-Since. */
export function isWanted(request: Request, copy: Version): boolean {
  const match = request.get('if-match');
  if (match !== undefined) return isAmong(match, etagOf(copy));
  const since = Date.parse(request.get('if-unmodified-since') ?? '');
  return Number.isNaN(since) || storedSecond(copy) <= since;
}

/** RFC 9110 section 13.2.2: If-None-Match decides alone where it is there, else If-Modified-Since. */
export function isUnchanged(request: Request, copy: Version): boolean {
  const noneMatch = request.get('if-none-match');
  if (noneMatch !== undefined) return isAmong(noneMatch.replaceAll('W/"', '"'), etagOf(copy));
  const since = Date.parse(request.get('if-modified-since') ?? '');
  return !Number.isNaN(since) && storedSecond(copy) <= since;
}

/** RFC 9110 section 13.1.5: with another version in If-Range the whole is sent. */
export function isRangeOf(request: Request, copy: Version): boolean {
  const ifRange = request.get('if-range');
  if (ifRange === undefined) return true;
  return ifRange.startsWith('"') ? ifRange === etagOf(copy) : ifRange === copy.storedAt.toUTCString();
}

const isAmong = (tags: string, tag: string): boolean =>
  tags.trim() === '*' || tags.split(',').some((one) => one.trim() === tag);

/** Dates in headers know no milliseconds. */
const storedSecond = ({ storedAt }: Version): number => Math.floor(storedAt.getTime() / 1000) * 1000;
