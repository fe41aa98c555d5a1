import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { HeaderMap } from '../../model/attempt.ts';

/** undici's headers as plain data. */
export function headerMapOf(headers: IncomingHttpHeaders): HeaderMap {
  const map: Record<string, string | readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && name !== '__proto__') map[name] = value;
  }
  return map;
}
