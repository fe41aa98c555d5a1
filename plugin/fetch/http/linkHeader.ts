import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from './headers.ts';

const LINK = /<[^<>]*>((?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"[^"]*"|[^\s",;<>]*))?)*)/g;

/** Whether a `Link` field leads on from the answer to a next one (RFC 8288); one with an anchor is about something else. */
export function hasNextLink(headers: HeaderMap): boolean {
  if (!Object.hasOwn(headers, 'link')) return false;
  for (const [, parameters = ''] of fields(headers, 'link').join(',').matchAll(LINK)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i.exec(parameters);
    const names = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
    if (names.includes('next') && !/;\s*anchor\s*=/i.test(parameters)) return true;
  }
  return false;
}
