import { CookieJar } from 'tough-cookie';
import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';

const MAX_COOKIES_PER_ANSWER = 50;
const MAX_COOKIE_BYTES = 4096;
const MAX_FIELD_BYTES = 16 * 1024;

/** Without TLS no connection is secure, also not one to this machine, which browsers except for developers. */
const RULES = { rejectPublicSuffixes: true, allowSecureOnLocal: false };

/** Cookies of one attempt (RFC 6265), one jar an origin: none ever crosses to another host, port or scheme. */
export class Cookies {
  readonly #jars = new Map<string, CookieJar>();

  store(url: URL, headers: HeaderMap): void {
    const offered = fields(headers, 'set-cookie').slice(0, MAX_COOKIES_PER_ANSWER);
    if (offered.length === 0) return;
    const jar = this.#jars.get(url.origin) ?? new CookieJar(undefined, RULES);
    this.#jars.set(url.origin, jar);
    for (const cookie of offered) {
      if (cookie.length <= MAX_COOKIE_BYTES) jar.setCookieSync(cookie, url.href, { ignoreError: true });
    }
  }

  /** The `Cookie` field for a URL; null when there is none. */
  fieldFor(url: URL): string | null {
    const text = this.#jars.get(url.origin)?.getCookieStringSync(url.href) ?? '';
    return text === '' || text.length > MAX_FIELD_BYTES || !/^[\x20-\x7e\x80-\xff]*$/.test(text) ? null : text;
  }
}
