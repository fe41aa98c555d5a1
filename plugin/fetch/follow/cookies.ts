import { isIP } from 'node:net';
import { Cookie, CookieJar } from 'tough-cookie';
import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';

const MAX_COOKIES_PER_ANSWER = 50;
const MAX_COOKIE_BYTES = 4096;
const MAX_FIELD_BYTES = 16 * 1024;

/** Without TLS no connection is secure, also not one to this machine, which browsers except for developers. */
const RULES = { rejectPublicSuffixes: true, allowSecureOnLocal: false };

/**
 * Cookies of one attempt, by RFC 6265 with the public suffix list: `Domain` reaches other hosts of one registrable domain,
 * and http leads to https of one host. Stricter in two ways: what came over TLS never goes without, and at an address, where
 * each port may be somebody else's, none leaves its origin.
 */
export class Cookies {
  /** None for an attempt without cookies, which nearly every one is: a jar costs more than all else of a recheck. */
  readonly #jars = new Map<string, CookieJar>();

  store(url: URL, headers: HeaderMap): void {
    for (const text of fields(headers, 'set-cookie').slice(0, MAX_COOKIES_PER_ANSWER)) {
      const cookie = text.length <= MAX_COOKIE_BYTES ? Cookie.parse(text) : undefined;
      if (!cookie) continue;
      if (url.protocol === 'https:') cookie.secure = true;
      this.#jarOf(url).setCookieSync(cookie, url.href, { ignoreError: true });
    }
  }

  /** The `Cookie` field for a URL; null when there is none. */
  fieldFor(url: URL): string | null {
    if (this.#jars.size === 0) return null;
    const text = this.#jars.get(jarNameOf(url))?.getCookieStringSync(url.href) ?? '';
    return text === '' || text.length > MAX_FIELD_BYTES || !/^[\x20-\x7e\x80-\xff]*$/.test(text) ? null : text;
  }

  #jarOf(url: URL): CookieJar {
    const name = jarNameOf(url);
    const jar = this.#jars.get(name) ?? new CookieJar(undefined, RULES);
    this.#jars.set(name, jar);
    return jar;
  }
}

/** One jar for all hosts that have names, one for each origin at an address. */
function jarNameOf({ hostname, origin }: URL): string {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? 'names' : origin;
}
