import { isIP } from 'node:net';
import { getPublicSuffix } from 'tough-cookie';

/**
 * The public suffix and the label before it, by the public suffix list with its private part (RFC 6265bis):
 * `alice.github.io` is a domain of its own. null for addresses and names that have none. IPv6 in brackets or without.
 */
export function registrableDomain(hostname: string): string | null {
  const plain = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(plain) !== 0) return null;
  return getPublicSuffix(plain, { allowSpecialUseDomain: true, ignoreError: true }) ?? null;
}
