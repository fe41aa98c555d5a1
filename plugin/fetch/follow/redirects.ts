import { isUtf8 } from 'node:buffer';
import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';
import { parseUrl } from '../http/parseUrl.ts';
import { type Failure, failure } from '../outcome/failure.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PERMANENT: ReadonlySet<number> = new Set([301, 308]);

/** A status whose `Location` is followed; 300 and 304 are not among them. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** A redirect that tells where the resource is from now on. */
export function isPermanent(status: number): boolean {
  return PERMANENT.has(status);
}

/** The next URL of a chain, without its credentials; `bad`: there is none. */
export type Hop =
  | { readonly kind: 'hop'; readonly url: URL; readonly credentials: { username: string; password: string } | null }
  | { readonly kind: 'bad'; readonly failure: Failure };

/**
 * Where a redirect leads: RFC 9110 section 10.2.2. `Location` may be relative, holds UTF-8 or other bytes, and loses its
 * fragment; several different ones, none, or one that is no http URL lead nowhere.
 */
export function nextHop(status: number, headers: HeaderMap, from: URL): Hop {
  // Not \s: the last byte of an à is a space to latin1.
  const locations = new Set(fields(headers, 'location').map((value) => value.replace(/^[ \t]+|[ \t]+$/g, '')));
  const [location] = locations;
  if (location === undefined || location === '')
    return bad(`The server redirects (${status}) without saying where to.`);
  if (locations.size > 1) return bad(`The server redirects (${status}) to several places.`);
  const text = decodedLocation(location);
  const resolved = URL.canParse(text, from.href) ? new URL(text, from).href : text;
  const parsed = parseUrl(resolved);
  if (parsed.kind === 'invalid')
    return bad(`The server redirects (${status}) to where nothing can be fetched: ${parsed.reason}`);
  return { kind: 'hop', url: parsed.url, credentials: parsed.credentials };
}

function bad(reason: string): Hop {
  return { kind: 'bad', failure: failure('bad-redirect', reason) };
}

/**
 * Header values come as latin1: what is UTF-8 underneath is read as such; other bytes are kept as they are, escaped, as
 * browsers do, for the server means them in its own encoding.
 */
function decodedLocation(location: string): string {
  if (!/[\x80-\xff]/.test(location)) return location;
  const bytes = Buffer.from(location, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return location.replace(/[\x80-\xff]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
