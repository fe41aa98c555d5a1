import type { HeaderMap } from '../model/attempt.ts';
import { fields } from './answer.ts';
import { type Failure, failure } from './failure.ts';
import { parseUrl } from './parseUrl.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PERMANENT: ReadonlySet<number> = new Set([301, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

export function isPermanent(status: number): boolean {
  return PERMANENT.has(status);
}

export type Hop =
  | { readonly kind: 'hop'; readonly url: URL; readonly credentials: { username: string; password: string } | null }
  | { readonly kind: 'bad'; readonly failure: Failure };

/**
 * Where a redirect leads: RFC 9110 section 10.2.2. `Location` may be relative, is UTF-8 or latin1 on the wire, and loses
 * its fragment; several different ones, none, or one that is no http URL lead nowhere.
 */
export function nextHop(status: number, headers: HeaderMap, from: URL): Hop {
  const locations = new Set(fields(headers, 'location').map((value) => value.trim()));
  const [location] = locations;
  if (location === undefined || location === '')
    return bad(`The server redirects (${status}) without saying where to.`);
  if (locations.size > 1) return bad(`The server redirects (${status}) to several places at once.`);
  const text = decoded(location);
  const resolved = URL.canParse(text, from.href) ? new URL(text, from).href : text;
  const parsed = parseUrl(resolved);
  if (parsed.kind === 'invalid')
    return bad(`The server redirects (${status}) to where nothing can be fetched: ${parsed.reason}`);
  parsed.url.hash = '';
  return { kind: 'hop', url: parsed.url, credentials: parsed.credentials };
}

function bad(reason: string): Hop {
  return { kind: 'bad', failure: failure('bad-redirect', reason) };
}

/** Header values come as latin1; what is UTF-8 underneath is read as such, as browsers do. */
function decoded(location: string): string {
  if (!/[\x80-\xff]/.test(location)) return location;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(location, 'latin1'));
  } catch {
    return location;
  }
}
