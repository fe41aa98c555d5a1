import { tokenizeHtml } from '../html/tokenizeHtml.ts';
import { LinkCollector } from './linkCollector.ts';
import { addText, Outline } from './outline.ts';
import type { Page } from './Page.ts';

/** Bytes of a page that are looked at, and links among them. */
export const MAX_PAGE_BYTES = 2 * 1024 * 1024;
const MAX_LINKS = 5000;

const MAX_TITLE = 300;
const MAX_OPENING = 2000;
const MAX_JSON_LD = 512 * 1024;
const MAX_SOFTWARE = 2000;
const HEADING = /^(h[1-6]|dt|summary|legend|caption|th)$/;
const HIDDEN = /^(script|style|template|xmp|noembed|noframes|iframe|svg|math)$/;
const HOSTED = /^https?:\/\/([^/]+)/i;

/**
 * Reads a page's links and what is said about each, in one pass and in bounded memory; `askedUrl` is the URL that led
 * here. Never throws, whatever the HTML.
 */
export function readPage(html: string, url: string, askedUrl: string): Page {
  const reader = new PageReader(url);
  const text = html.slice(0, MAX_PAGE_BYTES);
  tokenizeHtml(text, {
    open: (name, attributes) => reader.open(name, attributes),
    close: (name) => reader.close(name),
    text: (chars) => reader.text(chars),
  });
  return reader.page(askedUrl, text.length < html.length);
}

/** One pass over a page. */
class PageReader {
  readonly #url: string;
  readonly #outline = new Outline();
  readonly #links: LinkCollector;
  readonly #jsonLd: string[] = [];
  #jsonLdLength = 0;
  #title = '';
  #headline = '';
  #opening = '';
  #software = '';
  #heading = '';
  /** The element whose text is no text of the page: a script, a title. */
  #capturing: 'json-ld' | 'title' | 'hidden' | null = null;
  #captured = '';
  #headingName: string | null = null;
  #hasPassword = false;

  constructor(url: string) {
    this.#url = url;
    this.#links = new LinkCollector(url, MAX_LINKS);
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    if (HIDDEN.test(name) || name === 'title') this.#capture(name, attributes);
    if (HEADING.test(name) || name === 'a') this.#openHeading(name);
    if (this.#outline.open(name, attributes) || name === 'br' || name === 'hr') this.#links.breakLine();
    this.#note(name, attributes);
    this.#links.open(name, attributes, this.#outline);
  }

  close(name: string): void {
    if (this.#capturing !== null && (HIDDEN.test(name) || name === 'title')) this.#endCapture();
    if (name === this.#headingName) this.#closeHeading(name);
    this.#links.close(name);
    if (this.#outline.close(name)) this.#links.breakLine();
  }

  text(chars: string): void {
    if (this.#capturing !== null) {
      const limit = this.#capturing === 'json-ld' ? MAX_JSON_LD - this.#jsonLdLength : MAX_TITLE;
      if (this.#capturing !== 'hidden' && this.#captured.length < limit) this.#captured += chars.slice(0, limit);
      return;
    }
    addText(this.#outline.block, chars);
    if (this.#opening.length < MAX_OPENING)
      this.#opening = `${this.#opening}${chars.slice(0, MAX_OPENING)}`.replace(/\s+/g, ' ');
    if (this.#headingName !== null && this.#heading.length < MAX_TITLE) this.#heading += chars.slice(0, MAX_TITLE);
    this.#links.text(chars, this.#outline.scope);
  }

  page(askedUrl: string, isCut: boolean): Page {
    this.#outline.end();
    return {
      url: this.#url,
      askedUrl,
      title: this.#title,
      headline: this.#headline.trim().slice(0, MAX_TITLE),
      opening: this.#opening.slice(0, MAX_OPENING),
      software: this.#software,
      links: this.#links.links(),
      jsonLd: this.#jsonLd,
      hasPassword: this.#hasPassword,
      isCut: isCut || this.#links.isFull,
    };
  }

  #capture(name: string, attributes: ReadonlyMap<string, string>): void {
    const isJsonLd = name === 'script' && /ld\+json/i.test(attributes.get('type') ?? '');
    this.#capturing = isJsonLd ? 'json-ld' : name === 'title' ? 'title' : 'hidden';
    this.#captured = '';
  }

  #endCapture(): void {
    const text = this.#captured;
    if (this.#capturing === 'title' && this.#title === '') this.#title = text.replace(/\s+/g, ' ').trim();
    if (this.#capturing === 'json-ld' && text !== '') {
      this.#jsonLd.push(text);
      this.#jsonLdLength += text.length;
    }
    this.#capturing = null;
  }

  /** A link within a heading is the heading. */
  #openHeading(name: string): void {
    if (name === 'a') return;
    this.#headingName = name;
    this.#heading = '';
  }

  #closeHeading(name: string): void {
    const text = this.#heading.replace(/\s+/g, ' ').trim();
    this.#headingName = null;
    if (text === '') return;
    if (name === 'h1' && this.#headline.length < MAX_TITLE) this.#headline += ` ${text}`;
    if (name !== 'th') this.#links.heading(name, text);
  }

  /** What tells of the software, and where the page asks for a password. */
  #note(name: string, attributes: ReadonlyMap<string, string>): void {
    if (name === 'input' && /^password$/i.test(attributes.get('type') ?? '')) this.#hasPassword = true;
    if (this.#software.length >= MAX_SOFTWARE) return;
    const meta = `${attributes.get('name') ?? ''} ${attributes.get('property') ?? ''}`;
    if (name === 'meta' && /generator|application-name|og:site_name/i.test(meta))
      this.#software += ` ${(attributes.get('content') ?? '').slice(0, 100)}`;
    const source = name === 'script' ? attributes.get('src') : name === 'link' ? attributes.get('href') : undefined;
    if (source !== undefined) this.#software += ` ${(HOSTED.exec(source)?.[1] ?? source).slice(0, 100)}`;
  }
}
