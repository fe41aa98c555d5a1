import type { Attempt, Redirect } from '../../model/attempt.ts';
import type { Resource } from '../../model/resource.ts';
import { isDeadEnd, isLasting } from './lastingUrl.ts';

/** RFC 9110 sections 15.4.2 and 15.4.9. */
const PERMANENT: ReadonlySet<number> = new Set([301, 308]);
/** So long that an index takes it beside an id. */
const LONGEST_URL = 2000;

/**
 * Where a resource's URL leads for good, by an attempt that found the file: the last target of the permanent redirects (301, 308)
 * that the chain begins with, whatever follows them; null: nowhere that could take its place. Every target was asked for, so that
 * the address guard has let it pass. Pure.
 *
 * Not proposed: a server's first page, logins and pages of errors; what a session or a signature lets pass; plain HTTP in the place of
 * HTTPS; anything for an upload, or for a URL with credentials, which no redirect repeats.
 */
export function permanentTarget(
  { kind, redirects, finalUrl }: Pick<Attempt, 'kind' | 'redirects' | 'finalUrl'>,
  { url, urlType }: Pick<Resource, 'url' | 'urlType'>,
): string | null {
  if (redirects.length === 0) return null;
  const own = parsed(url);
  const isFound = kind === 'fetched' || kind === 'unchanged';
  if (!isFound || urlType !== null || own === null || own.username !== '' || own.password !== '') return null;
  if (redirects.some(({ to }) => isSame(to, own.href))) return null;
  const targets = permanentTargets(redirects, own).flatMap((target) => parsed(target) ?? []);
  const passed = [...targets, parsed(finalUrl ?? '') ?? own];
  if (passed.some((target) => isDeadEnd(target, own))) return null;
  const target = targets.findLast((one) => isLasting(one, own));
  return target ? withFragment(target, own) : null;
}

/** Those that the chain begins with; a request of our own in between, as for a service, ends it. */
function permanentTargets(redirects: readonly Redirect[], own: URL): readonly string[] {
  const targets: string[] = [];
  for (const { status, from, to } of redirects) {
    if (!PERMANENT.has(status) || !isSame(from, targets.at(-1) ?? own.href)) break;
    targets.push(to);
  }
  return targets;
}

/** RFC 9110 section 10.2.2: a redirect without a fragment inherits it. */
function withFragment({ href }: URL, { hash }: URL): string | null {
  const url = `${href.replace(/#.*$/s, '')}${hash}`;
  return url.length > LONGEST_URL ? null : url;
}

const parsed = (url: string): URL | null => (/^https?:/i.test(url.trim()) && URL.canParse(url) ? new URL(url) : null);

/** Whatever escapes it has, and whatever part of the file it means. */
const isSame = (one: string, other: string): boolean => plain(one) === plain(other);

function plain(url: string): string {
  const whole = url.replace(/#.*$/s, '');
  try {
    return decodeURI(whole);
  } catch {
    return whole;
  }
}
