import { isObject } from '../../decide/isObject.ts';
import { xmlHead } from '../sniff/xmlHead.ts';
import { type Members, membersAtEnds } from './jsonEnds.ts';

/** Where answers put what they say of themselves, if not at their root; `''`: a name that was not seen. */
const INNER = ['result', 'properties', 'meta', 'metadata', 'pagination', 'paging', 'd', ''] as const;
const NEXT_URLS = ['@odata.nextLink', 'odata.nextLink', '__next'] as const;
const WORDS = /exceededTransferLimit|numberMatched|numberOfRecordsMatched|resumptionToken|next/i;

/**
 * In which words a JSON or XML answer says that it is a part of what was asked for: ArcGIS, OGC API and WFS, CSW, OAI-PMH, OData,
 * JSON:API, HAL, Atom, CKAN. `end`: its last bytes, null where `head` is all of it. null: it does not say so.
 */
export function partialSign(head: string, end: string | null): string | null {
  if (!WORDS.test(head) && !(end !== null && WORDS.test(end))) return null;
  const start = /[^\s\ufeff]/.exec(head)?.[0];
  if (start === '<') return xmlSign(head, end ?? head);
  if (start !== '{') return null;
  for (const members of membersAtEnds(head.replace(/^\ufeff/, ''), end)) {
    const sign = jsonSign(members) ?? innerSign(members);
    if (sign !== null) return sign;
  }
  return null;
}

function innerSign(members: Members): string | null {
  for (const name of INNER) {
    const inner = members[name];
    const sign = isObject(inner) ? jsonSign(inner) : null;
    if (sign !== null) return sign;
  }
  return null;
}

function jsonSign(members: Members): string | null {
  if (members['exceededTransferLimit'] === true) return 'exceededTransferLimit';
  const counted = countSign(members['numberMatched'], members['numberReturned']);
  return counted ?? (leadsOn(members) ? 'it has a link to a next page' : null);
}

function countSign(matched: unknown, returned: unknown): string | null {
  if (typeof matched !== 'number' || typeof returned !== 'number' || matched <= returned) return null;
  return `${returned} of ${matched}`;
}

function leadsOn(members: Members): boolean {
  if (NEXT_URLS.some((name) => isText(members[name]))) return true;
  if (/^https?:\/\//i.test(String(members['next'] ?? ''))) return true;
  if (hasNext(members['links'])) return true;
  return hasNext(members['_links']) && !isLastPage(members);
}

/** CKAN names a next page always, and says how many rows there are. */
function isLastPage({ total, limit, offset }: Members): boolean {
  if (typeof total !== 'number' || typeof limit !== 'number') return false;
  return (typeof offset === 'number' ? offset : 0) + limit >= total;
}

/** A list of links with their relations, or an object of them. */
function hasNext(links: unknown): boolean {
  if (Array.isArray(links)) {
    return links.some((link: unknown) => isObject(link) && link['rel'] === 'next' && isText(link['href']));
  }
  const next = isObject(links) ? links['next'] : null;
  return isText(next) || (isObject(next) && isText(next['href']));
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

function xmlSign(head: string, end: string): string | null {
  const root = xmlHead(head);
  if (!root) return null;
  const { attributes, localName } = root;
  const [matched, returned] = [attributes.get('numberMatched'), attributes.get('numberReturned')];
  const counted = countSign(numberOf(matched), numberOf(returned)) ?? searchSign(localName, head);
  if (counted !== null) return counted;
  if (localName === 'FeatureCollection' && attributes.get('next')) return 'it has a link to a next page';
  if (localName === 'feed' && feedLeadsOn(head)) return 'it has a link to a next page';
  const isListed =
    localName === 'OAI-PMH' && /<resumptionToken\b[^<>]*>[^<>]*[^<>\s][^<>]*<\/resumptionToken>/.test(end);
  return isListed ? 'it has a resumptionToken' : null;
}

const numberOf = (text: string | undefined): number | null => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : null);

/** CSW. */
function searchSign(localName: string, head: string): string | null {
  if (localName !== 'GetRecordsResponse') return null;
  const found = /<(?:[\w.-]+:)?SearchResults\b[^<>]*>/.exec(head)?.[0] ?? '';
  const attribute = (name: string) => numberOf(new RegExp(`\\s${name}\\s*=\\s*["'](\\d+)["']`).exec(found)?.[1]);
  return countSign(attribute('numberOfRecordsMatched'), attribute('numberOfRecordsReturned'));
}

/** RFC 5005: links of the feed itself stand before its entries. */
function feedLeadsOn(head: string): boolean {
  const own = head.slice(0, /<(?:[\w.-]+:)?entry[\s>]/.exec(head)?.index ?? head.length);
  return /<(?:[\w.-]+:)?link\b[^<>]*\srel\s*=\s*["']next["'][^<>]*>/.test(own);
}
