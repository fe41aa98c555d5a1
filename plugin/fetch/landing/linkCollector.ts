import type { Block, Outline, Scope } from './outline.ts';
import type { LinkSource, PageLink, Region } from './Page.ts';
import { absoluteUrl, propertyOf, type Reference, referenceOf } from './references.ts';

const MAX_TEXT = 200;
const MAX_NEAR = 80;
const MAX_BASE = 2048;

interface Collected {
  readonly url: string;
  readonly source: LinkSource;
  readonly region: Region;
  readonly headings: readonly string[];
  readonly scope: Scope | null;
  readonly block: Block;
  readonly declaredType: string | null;
  readonly download: string | null;
  readonly rel: string;
  text: string;
  near: string;
  classes: string;
  format: string | null;
}

const FORMAT_PROPERTY = /(^|[\s:/#])(encodingFormat|fileFormat|format|mediaType)\b/;
const NAME_PROPERTY = /(^|[\s:/#])(name|title)\b/;

/** Gathers the links of a page that passes by, each with what stands in and around it. */
export class LinkCollector {
  readonly #limit: number;
  readonly #links: Collected[] = [];
  readonly #headings = new Map<number, string>();
  #base: string;
  /** The link whose text passes by. */
  #open: Collected | null = null;
  #last: Collected | null = null;
  #recent = '';
  #property: { readonly kind: 'format' | 'name'; readonly scope: Scope } | null = null;
  isFull = false;

  constructor(url: string, limit: number) {
    this.#base = url;
    this.#limit = limit;
  }

  open(name: string, attributes: ReadonlyMap<string, string>, outline: Outline): void {
    if (name === 'base') this.#rebase(attributes.get('href'));
    this.#describe(attributes, outline.scope);
    if (this.#open) this.#enrich(name, attributes, this.#open);
    const found = referenceOf(name, attributes);
    if (found) this.#add(found, name, attributes, outline);
    else if (name === 'a') this.#endLink();
  }

  close(name: string): void {
    if (name === 'a' || name === 'button') this.#endLink();
    this.#property = null;
  }

  text(chars: string, scope: Scope | null): void {
    if (this.#property && this.#property.scope === scope) describeScope(this.#property, chars);
    if (this.#open) {
      if (this.#open.text.length < MAX_TEXT) this.#open.text += chars.slice(0, MAX_TEXT);
      return;
    }
    if (this.#last && this.#last.near.length < 2 * MAX_NEAR) this.#last.near += ` ${chars.slice(0, MAX_NEAR)}`;
    this.#recent = `${this.#recent}${chars.slice(-MAX_NEAR)}`.slice(-MAX_NEAR);
  }

  /** What comes next stands on another line. */
  breakLine(): void {
    this.#recent = '';
    if (!this.#open) this.#last = null;
  }

  /** Those of a lower rank are over. */
  heading(name: string, text: string): void {
    const rank = /^h[1-6]$/.test(name) ? Number(name.slice(1)) : 7;
    for (const other of [...this.#headings.keys()]) if (other >= rank) this.#headings.delete(other);
    this.#headings.set(rank, text.slice(0, MAX_TEXT));
  }

  links(): PageLink[] {
    return this.#links.map((link) => ({
      url: link.url,
      source: link.source,
      region: link.region,
      text: clean(`${link.text} ${link.source.endsWith('property') ? (link.scope?.name ?? '') : ''}`, MAX_TEXT),
      near: clean(link.near, 2 * MAX_NEAR),
      row: rowOf(link),
      headings: link.headings,
      declaredType: link.declaredType ?? link.format ?? link.scope?.format ?? null,
      download: link.download,
      rel: link.rel,
      classes: link.classes.slice(0, MAX_TEXT),
    }));
  }

  #rebase(href: string | undefined): void {
    const absolute = href === undefined ? null : absoluteUrl(href.slice(0, MAX_BASE), this.#base);
    if (absolute !== null) this.#base = absolute;
  }

  #add(found: Reference, name: string, attributes: ReadonlyMap<string, string>, outline: Outline): void {
    if (name === 'a' || name === 'button') this.#endLink();
    const url = absoluteUrl(found.href, this.#base);
    if (url === null) return;
    if (this.#links.length >= this.#limit) {
      this.isFull = true;
      return;
    }
    const link: Collected = {
      url,
      source: found.source,
      region: outline.region,
      headings: [...this.#headings].sort(([one], [other]) => other - one).map(([, text]) => text),
      scope: outline.scope,
      block: outline.block,
      declaredType: typeOf(attributes),
      download: attributes.get('download') ?? null,
      rel: (attributes.get('rel') ?? '').toLowerCase().slice(0, MAX_NEAR),
      text: labelsOf(attributes),
      near: this.#recent,
      classes: attributes.get('class') ?? '',
      format: null,
    };
    outline.block.links += 1;
    this.#links.push(link);
    if (name === 'a' || name === 'button') this.#open = link;
  }

  #endLink(): void {
    if (!this.#open) return;
    this.#last = this.#open;
    this.#open = null;
    this.#recent = '';
  }

  /** Icons, pictures and labels within a link say what it leads to. */
  #enrich(name: string, attributes: ReadonlyMap<string, string>, link: Collected): void {
    if (link.text.length < MAX_TEXT) link.text += labelsOf(attributes);
    if (name === 'img') link.text += ` ${(attributes.get('src') ?? '').slice(-40).replace(/[/._-]/g, ' ')}`;
    if (link.classes.length < MAX_TEXT) link.classes += ` ${attributes.get('class') ?? ''}`;
    link.format ??= attributes.get('data-format')?.slice(0, MAX_NEAR) ?? null;
  }

  /** Formats and names of the described thing, given in attributes or in the text that follows. */
  #describe(attributes: ReadonlyMap<string, string>, scope: Scope | null): void {
    const property = propertyOf(attributes);
    if (property === '' || !scope) return;
    const kind = FORMAT_PROPERTY.test(property) ? 'format' : NAME_PROPERTY.test(property) ? 'name' : null;
    if (kind === null) return;
    this.#property = { kind, scope };
    const content = attributes.get('content') ?? attributes.get('resource');
    if (content !== undefined) describeScope(this.#property, content);
  }
}

function describeScope({ kind, scope }: { kind: 'format' | 'name'; scope: Scope }, text: string): void {
  const value = clean(text, MAX_TEXT);
  if (value !== '') scope[kind] ??= value;
}

const typeOf = (attributes: ReadonlyMap<string, string>): string | null =>
  attributes.get('type')?.slice(0, MAX_NEAR) ?? attributes.get('data-format')?.slice(0, MAX_NEAR) ?? null;

const labelsOf = (attributes: ReadonlyMap<string, string>): string =>
  ['title', 'aria-label', 'alt']
    .map((name) => ` ${(attributes.get(name) ?? '').slice(0, MAX_TEXT)} `)
    .join('')
    .replace(/\s+/g, ' ');

/** The smallest block around a link that says more than the link does, unless it holds many links. */
function rowOf({ block, text }: Collected): string {
  const own = clean(text, MAX_TEXT).length;
  for (let around: Block | null = block, step = 0; around && step < 5; around = around.parent, step += 1) {
    if (around.links > 6 || around.headings > 1) return '';
    if (clean(around.text, MAX_TEXT * 2).length > own + 3) return clean(around.text, MAX_TEXT * 2);
  }
  return '';
}

const clean = (text: string, length: number): string => text.replace(/\s+/g, ' ').trim().slice(0, length);
