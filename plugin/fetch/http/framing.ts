import type { HeaderMap } from '../../model/attempt.ts';
import { declaredLength, fields } from './headers.ts';

/** How the end of a body is known. */
export type Framing = 'length' | 'chunked' | 'close';

/** The framing that the headers announce: RFC 9112 section 6.3. */
export function framingOf(headers: HeaderMap): Framing {
  if (/\bchunked\s*$/i.test(fields(headers, 'transfer-encoding').join(','))) return 'chunked';
  return declaredLength(headers) === null ? 'close' : 'length';
}
