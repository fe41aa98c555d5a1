import type { Region } from './Page.ts';

/** A run of text that belongs together: a paragraph, a row of a table, an item of a list. */
export interface Block {
  readonly parent: Block | null;
  text: string;
  links: number;
  /** Headings in it, those of the page and its chapters counting more: what has such is no row. */
  headings: number;
}

/** One described thing of microdata or RDFa. */
export interface Scope {
  format: string | null;
  name: string | null;
}

interface OpenElement {
  readonly name: string;
  readonly region: Region;
  readonly block: Block;
  /** The block began with it, and ends with it. */
  readonly ownsBlock: boolean;
  readonly scope: Scope | null;
}

const MAX_DEPTH = 200;
/** How far an end tag looks for its start tag: what browsers repair beyond is not worth the time of hostile pages. */
const MAX_REACH = 40;
const MAX_BLOCK_TEXT = 300;

const BLOCKS: ReadonlySet<string> = new Set(
  'address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup li main nav ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
/** Cells and inline lists are parts of their row. */
const PARTS: ReadonlySet<string> = new Set(['td', 'th', 'tbody', 'thead', 'tfoot', 'dt', 'summary']);
const VOID: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
);
/** Start tags that end an open element of their own kind, and what holds them back (WHATWG HTML, section 13.1.2.4). */
const SELF_ENDING: Readonly<Record<string, RegExp>> = {
  li: /^(ul|ol|menu)$/,
  tr: /^table$/,
  td: /^(tr|table)$/,
  th: /^(tr|table)$/,
  dt: /^dl$/,
  dd: /^dl$/,
  p: /^(div|td|li|section|article|body)$/,
  option: /^select$/,
};
const REGIONS: Readonly<Record<string, Region>> = {
  nav: 'navigation',
  footer: 'footer',
  aside: 'aside',
  header: 'header',
  main: 'main',
};
const REGION_CLASSES: readonly (readonly [RegExp, Region])[] = [
  [/(^|[\s_-])(nav|navbar|navigation|menu|breadcrumbs?|topbar|toolbar-nav|pagination)([\s_-]|$)/i, 'navigation'],
  [/(^|[\s_-])(footer|colophon)([\s_-]|$)/i, 'footer'],
  [/(^|[\s_-])(sidebar|social|share|related|recent|cookie|consent|banner|advert)([\s_-]|$)/i, 'aside'],
];

/** `page-with-sidebar` is the page, not the sidebar. */
const LAYOUT = /\b(with|has|no|without|above|below)[-_][\w-]+/gi;

/** Which elements are open while a page passes by: region, block and described thing, bounded in depth. */
export class Outline {
  readonly #open: OpenElement[] = [];
  readonly #root: Block = { parent: null, text: '', links: 0, headings: 2 };

  get block(): Block {
    return this.#open.at(-1)?.block ?? this.#root;
  }

  get region(): Region {
    return this.#open.at(-1)?.region ?? 'main';
  }

  get scope(): Scope | null {
    return this.#open.at(-1)?.scope ?? null;
  }

  /** Whether a new block begins with it. */
  open(name: string, attributes: ReadonlyMap<string, string>): boolean {
    if (VOID.has(name)) return false;
    const ended = this.#endOpenSibling(name);
    if (this.#open.length >= MAX_DEPTH) return ended;
    const isBlock = BLOCKS.has(name);
    const ownsBlock = isBlock && !PARTS.has(name);
    const described = attributes.has('itemscope') || attributes.has('typeof');
    this.#open.push({
      name,
      region: this.#regionOf(name, attributes),
      block: ownsBlock ? newBlock(this.block, name) : this.block,
      ownsBlock,
      scope: described ? { format: null, name: null } : this.scope,
    });
    return isBlock;
  }

  /** Whether a block ended with it. */
  close(name: string): boolean {
    const least = Math.max(0, this.#open.length - MAX_REACH);
    for (let at = this.#open.length - 1; at >= least; at -= 1) {
      if (this.#open[at]?.name !== name) continue;
      this.#closeFrom(at);
      return BLOCKS.has(name);
    }
    return false;
  }

  /** Ends what is still open, so that every block has the text of those within it. */
  end(): void {
    this.#closeFrom(0);
  }

  #closeFrom(at: number): void {
    for (const { block, ownsBlock } of this.#open.splice(at).reverse()) if (ownsBlock) merge(block);
  }

  #endOpenSibling(name: string): boolean {
    const barrier = Object.hasOwn(SELF_ENDING, name) ? SELF_ENDING[name] : undefined;
    if (!barrier) return false;
    const least = Math.max(0, this.#open.length - MAX_REACH);
    for (let at = this.#open.length - 1; at >= least; at -= 1) {
      const open = this.#open[at]?.name ?? '';
      if (open === name) {
        this.#closeFrom(at);
        return true;
      }
      if (barrier.test(open)) return false;
    }
    return false;
  }

  #regionOf(name: string, attributes: ReadonlyMap<string, string>): Region {
    const role = attributes.get('role');
    if (name === 'main' || role === 'main' || name === 'article') return this.region === 'aside' ? 'aside' : 'main';
    if (Object.hasOwn(REGIONS, name)) return REGIONS[name] ?? this.region;
    if (role === 'navigation') return 'navigation';
    if (role === 'contentinfo') return 'footer';
    if (this.region !== 'main' || !/^(div|ul|ol|section|td|table|p)$/.test(name)) return this.region;
    const named = `${attributes.get('class') ?? ''} ${attributes.get('id') ?? ''}`.slice(0, 300).replace(LAYOUT, '');
    return REGION_CLASSES.find(([pattern]) => pattern.test(named))?.[1] ?? this.region;
  }
}

function newBlock(parent: Block, name: string): Block {
  const rank = /^h[1-6]$/.test(name) ? Number(name.slice(1)) : 7;
  return {
    parent,
    text: '',
    links: 0,
    headings: rank <= 2 || name === 'body' || name === 'nav' ? 2 : rank < 7 ? 1 : 0,
  };
}

function merge({ parent, text, links, headings }: Block): void {
  if (!parent) return;
  parent.links += links;
  parent.headings += headings;
  addText(parent, ` ${text} `);
}

/** Adds text to a block, white space collapsed, up to what is kept of one. */
export function addText(block: Block, text: string): void {
  if (block.text.length >= MAX_BLOCK_TEXT) return;
  block.text = `${block.text}${text}`.replace(/\s+/g, ' ').slice(0, MAX_BLOCK_TEXT);
}
