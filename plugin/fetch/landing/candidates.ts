import { formatOfText, formatOfType, formatOfUrl, type LinkFormat } from './linkFormat.ts';
import type { Page, PageLink, Wanted } from './Page.ts';
import { directForm } from './siteRules.ts';
import { structuredLinks } from './structuredData.ts';

/** One URL and everything that the page says about it. */
export interface Candidate {
  readonly url: string;
  readonly links: readonly PageLink[];
  readonly format: LinkFormat | null;
  /** How its direct form was found, where the page refers to a share link or a file page instead. */
  readonly rule: string | null;
}

/** What a link to a view says of the view, not of the file. */
const VIEWING = /\b(preview|view|raw|open)\b/gi;

/** The page that a share link shows, itself or by a link, in its direct form. */
export function candidatesOf(page: Page, wanted: Wanted): Candidate[] {
  const software = softwareOf(page);
  const own =
    directForm(page.askedUrl, wanted.declaredFormat, software) ?? directForm(page.url, wanted.declaredFormat, software);
  const found = new Map<string, { url: string; links: PageLink[]; rule: string | null; format: string | null }>();
  const add = (link: PageLink, rule: string | null = null, format: string | null = null) => {
    const key = keyOf(link.url);
    const known = found.get(key);
    if (!known) found.set(key, { url: link.url, links: [link], rule, format });
    else {
      known.links.push(link);
      // What a person would click on is what the publisher keeps working.
      if (link.source === 'link' && !known.links.some(({ source, url }) => source === 'link' && url === known.url))
        known.url = link.url;
      known.rule ??= rule;
    }
  };
  if (own) add(ruleLink(own.url), `it is the direct form of this page, ${own.because}`, own.format);
  const itself = new Set([page.url, page.askedUrl].map(keyOf));
  for (const link of [...structuredLinks(page.jsonLd, page.url), ...page.links]) {
    if (itself.has(keyOf(link.url))) continue;
    const direct = link.source === 'link' ? directForm(link.url, wanted.declaredFormat, '') : null;
    if (direct)
      add(
        { ...link, url: direct.url, text: link.text.replace(VIEWING, '') },
        `it is the direct form of a link to ${direct.because}`,
        direct.format,
      );
    else add(link);
  }
  return [...found.values()].map(({ url, links, rule, format }) => ({
    url,
    links,
    rule,
    format: formatOf(url, links, format),
  }));
}

/** The surest sign first: the URL, then declarations, then words of its text and next to it. */
function formatOf(url: string, links: readonly PageLink[], byRule: string | null): LinkFormat | null {
  const ruled = byRule === null ? null : formatOfType(byRule);
  if (ruled) return ruled;
  const byUrl = formatOfUrl(url);
  if (byUrl && byUrl.kind !== 'page' && byUrl.from !== 'path') return byUrl;
  for (const link of links) {
    const named = link.download ? formatOfUrl(`http://localhost/${encodeURIComponent(link.download)}`) : null;
    const declared = link.declaredType === null ? null : formatOfType(link.declaredType);
    const said = named ?? declared;
    if (said && said.kind !== 'page') return said;
  }
  if (byUrl) return byUrl;
  return (
    first(links, ({ text }) => formatOfText(text)) ??
    first(links, nearFormat) ??
    first(links, ({ row }) => formatOfText(row))
  );
}

/** Icons say it too: `fa-file-excel`. */
function nearFormat({ near, classes }: PageLink): LinkFormat | null {
  return formatOfText(near) ?? formatOfText(classes.replace(/[-_]/g, ' '));
}

function first(links: readonly PageLink[], read: (link: PageLink) => LinkFormat | null): LinkFormat | null {
  for (const link of links) {
    const found = read(link);
    if (found) return found;
  }
  return null;
}

/** Variants of one link: scheme, `download=1`, a slash at the end. */
function keyOf(href: string): string {
  const url = new URL(href);
  url.hash = '';
  for (const name of ['download', 'dl', 'inline']) {
    if (/^(1|true|false|)$/.test(url.searchParams.get(name) ?? 'x')) url.searchParams.delete(name);
  }
  return url.href.replace(/^https?:/, '').replace(/[?/]+$/, '');
}

/** What decides between rules that share a shape of URL, identifiers of JSON-LD among it. */
function softwareOf({ software, jsonLd, title }: Page): string {
  const ids =
    jsonLd
      .join(' ')
      .slice(0, 20_000)
      .match(/"(?:identifier|url|@id)"\s*:\s*"[^"]{1,300}"/g) ?? [];
  return `${software} ${title} ${ids.join(' ')}`;
}

function ruleLink(url: string): PageLink {
  return {
    url,
    source: 'rule',
    region: 'main',
    text: '',
    near: '',
    row: '',
    headings: [],
    declaredType: null,
    download: null,
    rel: '',
    classes: '',
  };
}
