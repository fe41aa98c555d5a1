import { isObject } from '../../decide/isObject.ts';
import type { PageLink } from './Page.ts';
import { absoluteUrl } from './references.ts';

const MAX_NODES = 20_000;
const MAX_FOUND = 1000;
const MAX_TEXT = 200;

type Members = Readonly<Record<string, unknown>>;

interface Node {
  readonly value: unknown;
  /** Names of the things it is part of, the nearest last. */
  readonly names: readonly string[];
}

/** The distributions that JSON-LD describes: `contentUrl` of schema.org, `dcat:downloadURL`, `dcat:accessURL`. */
export function structuredLinks(jsonLd: readonly string[], base: string): PageLink[] {
  const links: PageLink[] = [];
  const waiting: Node[] = jsonLd.map((text) => ({ value: parsed(text), names: [] }));
  for (let seen = 0; waiting.length > 0 && seen < MAX_NODES && links.length < MAX_FOUND; seen += 1) {
    const node = waiting.pop();
    if (!node) break;
    if (Array.isArray(node.value)) for (const value of node.value) waiting.push({ value, names: node.names });
    else if (isObject(node.value)) visit(node.value, node.names, { waiting, links, base });
  }
  return links;
}

interface Walk {
  readonly waiting: Node[];
  readonly links: PageLink[];
  readonly base: string;
}

function visit(members: Members, names: readonly string[], { waiting, links, base }: Walk): void {
  const own = textOf(member(members, 'name') ?? member(members, 'title'));
  const inner = own === null ? names : [...names.slice(-2), own];
  for (const property of ['contentUrl', 'downloadURL', 'accessURL'] as const) {
    for (const url of urlsOf(member(members, property), base)) {
      links.push(linkTo(url, property === 'accessURL' ? 'access-property' : 'download-property', members, inner));
    }
  }
  // Catalogues and related works describe other datasets than this page's.
  for (const [key, value] of Object.entries(members)) {
    if (
      typeof value !== 'object' ||
      value === null ||
      /@context|catalog|isPartOf|hasPart|citation|isBasedOn/i.test(key)
    )
      continue;
    waiting.push({ value, names: inner });
  }
}

function linkTo(url: string, source: PageLink['source'], members: Members, names: readonly string[]): PageLink {
  const format = ['encodingFormat', 'fileFormat', 'mediaType', 'format'].map((name) => textOf(member(members, name)));
  return {
    url,
    source,
    region: 'main',
    text: names.at(-1) ?? '',
    near: '',
    row: [...names, textOf(member(members, 'description')) ?? ''].join(' ').slice(0, 2 * MAX_TEXT),
    headings: [],
    declaredType: format.find((text) => text !== null) ?? null,
    download: null,
    rel: '',
    classes: '',
  };
}

/** A member by its local name, whatever prefix or namespace stands before it. */
function member(members: Members, name: string): unknown {
  if (Object.hasOwn(members, name)) return members[name];
  const key = Object.keys(members).find((one) => one.length < 200 && one.replace(/^.*[:/#]/, '') === name);
  return key === undefined ? undefined : members[key];
}

/** `"…"`, `{"@id": "…"}`, `{"@value": "…"}`, or a list of them. */
function urlsOf(value: unknown, base: string): string[] {
  const texts = (Array.isArray(value) ? value.slice(0, 50) : [value]).map(textOf);
  return texts.flatMap((text) => (text === null ? [] : (absoluteUrl(text, base) ?? [])));
}

function textOf(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'string') return first.trim().slice(0, 4096) || null;
  if (!isObject(first)) return null;
  const inner = first['@value'] ?? first['@id'] ?? first['url'];
  return typeof inner === 'string' ? inner.slice(0, 4096) : null;
}

/** Also with what templates leave behind: comments around it, a comma too many. */
function parsed(text: string): unknown {
  const plain = text.replace(
    /^\s*(<!--|\/\*\s*<!\[CDATA\[\s*\*\/|\/\/\s*<!\[CDATA\[)|(-->|\/\*\s*\]\]>\s*\*\/|\/\/\s*\]\]>)\s*$/g,
    '',
  );
  for (const candidate of [plain, plain.replace(/,(\s*[\]}])/g, '$1')]) {
    try {
      return JSON.parse(candidate);
    } catch {
      // The next reading is tried; what is no JSON in the end describes nothing.
    }
  }
  return null;
}
