import { type DirectForm, plain, type RuleContext } from './directForm.ts';
import { PLATFORMS } from './platforms.ts';
import { SHARE_LINKS } from './shareLinks.ts';

/**
 * Where a share link, a file page or a dataset page of a well-known platform keeps the bytes; null when no rule knows.
 * `software`: what the page says of its maker, which decides where a URL alone may mean several things.
 */
export function directForm(href: string, declaredFormat: string | null, software: string): DirectForm | null {
  const context: RuleContext = { url: new URL(href), wanted: plain(declaredFormat ?? ''), software };
  for (const rule of [...SHARE_LINKS, ...PLATFORMS]) {
    const form = rule(context);
    if (form && form.url !== href) return form;
  }
  return null;
}
