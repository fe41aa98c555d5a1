import type { ByteRange } from '../store/ArchiveStore.ts';

/**
 * The part of `bytes` bytes that a Range header asks for (RFC 9110 section 14). null: the whole, which also answers a
 * header that asks for several parts, in another unit, or in a way that cannot be read.
 */
export function byteRangeOf(header: string, bytes: number): ByteRange | null | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=[\s,]*(\d*)-(\d*)[\s,]*$/i.exec(header) ?? [];
  if (first === '') return last === '' ? null : lastBytes(Number(last), bytes);
  if (last !== '' && BigInt(first) > BigInt(last)) return null;
  const start = Number(first);
  if (start >= bytes) return 'unsatisfiable';
  return { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

/** Of a shorter file all of it. */
function lastBytes(count: number, bytes: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || bytes === 0) return 'unsatisfiable';
  return { start: Math.max(0, bytes - count), end: bytes - 1 };
}
