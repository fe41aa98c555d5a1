import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { HeaderMap } from '../../model/attempt.ts';

/** undici's headers as plain data; they are made for one answer each, and need no copy. */
export function headerMapOf(headers: IncomingHttpHeaders): HeaderMap {
  return isPlain(headers) ? headers : copyOf(headers);
}

function isPlain(headers: IncomingHttpHeaders): headers is Record<string, string | string[]> {
  for (const name of Object.keys(headers)) if (headers[name] === undefined || name === '__proto__') return false;
  return true;
}

function copyOf(headers: IncomingHttpHeaders): HeaderMap {
  const map: Record<string, string | readonly string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && name !== '__proto__') map[name] = value;
  }
  return map;
}
