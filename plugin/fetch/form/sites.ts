import { isIP } from 'node:net';
import { registrableDomain } from '../http/registrableDomain.ts';

/**
 * Whether a form of one page may be sent to a URL: its own origin, or another host of the same registrable domain, never
 * from https to http. Addresses and names without a registrable domain stand for themselves alone.
 */
export function isSameSite(page: string, target: string): boolean {
  const [from, to] = [new URL(page), new URL(target)];
  if (from.origin === to.origin) return true;
  if (from.protocol === 'https:' && to.protocol !== 'https:') return false;
  const [one, other] = [registrableDomain(from.hostname), registrableDomain(to.hostname)];
  return one !== null && one === other && isUsualPort(from) && isUsualPort(to);
}

const isUsualPort = ({ port }: URL): boolean => port === '';

/** `*` stands for any text; all else for itself. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** As {@link matchesPattern}, but a `*` in the host of a pattern never reaches beyond the host. */
export function matchesUrl(pattern: string, url: string): boolean {
  const [, scheme, host, rest] = /^(https?:\/\/)([^/]*)(.*)$/is.exec(pattern) ?? [];
  if (scheme === undefined || host === undefined || rest === undefined) return matchesPattern(pattern, url);
  const target = new URL(url);
  const path = `${target.pathname}${target.search}`;
  return (
    scheme.toLowerCase() === `${target.protocol}//` &&
    matchesPattern(host.toLowerCase(), target.host) &&
    matchesPattern(rest, path)
  );
}

/** `data.example.org`, `*.example.net`; a pattern with a port wants that port. The entry that matches, or null. */
export function listedHost(url: string, hosts: readonly string[]): string | null {
  const { hostname, host } = new URL(url);
  const found = hosts.find((entry) => {
    const wanted = entry.toLowerCase();
    if (wanted.startsWith('*.')) return isIP(hostname) === 0 && hostname.endsWith(wanted.slice(1));
    return wanted === hostname || wanted === host;
  });
  return found ?? null;
}
