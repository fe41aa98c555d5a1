import type { LinkSource } from './Page.ts';

const MAX_URL = 4096;
const MAX_VALUE = 200;

/** Properties of schema.org and DCAT whose value is the URL of a file, and those that may only lead to one. */
const FILE_PROPERTY = /(^|[\s:/#])(contentUrl|downloadURL)\b/i;
const ACCESS_PROPERTY = /(^|[\s:/#])accessURL\b/i;
const SCRIPTED = /(?:location(?:\.href)?\s*=|window\.open\(|location\.assign\()\s*['"]([^'"]{1,2000})['"]/;

/** A URL as a start tag writes it, and in which way it refers to it. */
export interface Reference {
  readonly href: string;
  readonly source: LinkSource;
}

/** The reference that a start tag makes; null when it makes none that could lead to data. */
export function referenceOf(name: string, attributes: ReadonlyMap<string, string>): Reference | null {
  const property = propertyOf(attributes);
  const href = attributes.get('href');
  const value = href ?? attributes.get('resource') ?? attributes.get('content') ?? attributes.get('src');
  if (value !== undefined && FILE_PROPERTY.test(property)) return { href: value, source: 'download-property' };
  if (value !== undefined && ACCESS_PROPERTY.test(property)) return { href: value, source: 'access-property' };
  switch (name) {
    case 'a':
    case 'area':
      return anchorReference(attributes);
    case 'link':
      return href !== undefined &&
        /(^|\s)(alternate|item|enclosure|data|download)(\s|$)/i.test(attributes.get('rel') ?? '')
        ? { href, source: 'alternate' }
        : null;
    case 'meta':
      return refreshReference(attributes);
    case 'iframe':
    case 'frame':
      return from(attributes.get('src') ?? attributes.get('data-src'), 'frame');
    case 'object':
      return from(attributes.get('data'), 'object');
    case 'embed':
      return from(attributes.get('src'), 'object');
    case 'button':
    case 'input':
      return buttonReference(attributes);
    default:
      return from(attributes.get('data-download-url'), 'button');
  }
}

function anchorReference(attributes: ReadonlyMap<string, string>): Reference | null {
  const href = attributes.get('href');
  if (href !== undefined && !/^\s*(#|javascript:|$)/i.test(href)) return { href, source: 'link' };
  return buttonReference(attributes);
}

function buttonReference(attributes: ReadonlyMap<string, string>): Reference | null {
  const named = attributes.get('data-href') ?? attributes.get('data-url') ?? attributes.get('data-download-url');
  const scripted = SCRIPTED.exec((attributes.get('onclick') ?? '').slice(0, MAX_URL))?.[1];
  const value = attributes.get('value');
  const field = value !== undefined && /^https?:\/\/\S+$/.test(value) ? value : undefined;
  return from(named ?? scripted, 'button') ?? from(field, 'field');
}

function refreshReference(attributes: ReadonlyMap<string, string>): Reference | null {
  if (!/^refresh$/i.test(attributes.get('http-equiv') ?? '')) return null;
  const target = /^\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?(.*)$/is.exec(
    (attributes.get('content') ?? '').slice(0, MAX_URL),
  );
  return from(target?.[1]?.trim().replace(/^(['"])(.*?)\1.*$/s, '$2') || undefined, 'refresh');
}

const from = (href: string | undefined, source: LinkSource): Reference | null =>
  href === undefined || href.trim() === '' ? null : { href, source };

/** The properties of microdata or RDFa that an element gives. */
export const propertyOf = (attributes: ReadonlyMap<string, string>): string =>
  (attributes.get('itemprop') ?? attributes.get('property') ?? '').slice(0, MAX_VALUE);

/** Of http and https alone, without its fragment; null for all else. */
export function absoluteUrl(href: string, base: string): string | null {
  if (href.length > MAX_URL || !URL.canParse(href.trim(), base)) return null;
  const url = new URL(href.trim(), base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  url.hash = '';
  return url.href;
}
