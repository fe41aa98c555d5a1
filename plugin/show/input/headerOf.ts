import type { Request } from 'express';
import { inputOf } from './inputOf.ts';
import { HEADERS, type HeaderName } from './inputParts.ts';

/** A header by its schema; null: not sent. Throws `invalid-request`. */
export function headerOf(name: HeaderName, request: Request): string | null {
  const value = request.get(name);
  if (value === undefined) return null;
  inputOf({ type: 'object', properties: { [name]: HEADERS[name] } }, { [name]: value });
  return value;
}
