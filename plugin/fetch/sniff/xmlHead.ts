/** What the beginning of an XML document tells. */
export interface XmlHead {
  /** Root element with its prefix, as written. */
  readonly name: string;
  readonly localName: string;
  /** Namespace of the root; null when it has none or its declaration is not seen. */
  readonly namespace: string | null;
  readonly attributes: ReadonlyMap<string, string>;
  /** From the XML declaration. */
  readonly encoding: string | null;
  /** The name in `<!DOCTYPE …>`, lower case. */
  readonly doctype: string | null;
  readonly declared: boolean;
  /** Where the root's content begins. */
  readonly contentAt: number;
}

const ELEMENT = /^[\p{L}_][\p{L}\p{N}._\u00b7-]*(:[\p{L}_][\p{L}\p{N}._\u00b7-]*)?$/u;
const NAME = /[^\s<>/='"&]+/y;

/**
 * Reads the prolog and the root element's start tag of `text`, which may end anywhere; null when it is no XML. One pass
 * that never goes back; a DTD is stepped over and no entity of it is ever expanded.
 */
export function xmlHead(text: string): XmlHead | null {
  let at = skipWhitespace(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  let encoding: string | null = null;
  let doctype: string | null = null;
  while (text[at] === '<') {
    const end = endOfProlog(text, at);
    if (end === at) return rootElement(text, at, encoding, doctype);
    if (end < 0) return null;
    const part = text.slice(at, Math.min(end, at + 400));
    if (/^<\?xml\s/.test(part)) encoding = /\sencoding\s*=\s*["']([\w.-]+)["']/.exec(part)?.[1] ?? null;
    if (/^<!doctype/i.test(part)) doctype = /^<!doctype\s+([^\s>[]+)/i.exec(part)?.[1]?.toLowerCase() ?? '';
    at = skipWhitespace(text, end);
  }
  return null;
}

/** The end of a comment, instruction or DTD at `at`; `at` when there is none; -1 when it does not end. */
function endOfProlog(text: string, at: number): number {
  if (text.startsWith('<!--', at)) return after(text, '-->', at + 4);
  if (text.startsWith('<?', at)) return after(text, '?>', at + 2);
  if (/^<!doctype/i.test(text.slice(at, at + 9))) return endOfDoctype(text, at + 9);
  return at;
}

/** Quotes, comments and the internal subset in brackets hide a `>`. */
function endOfDoctype(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const character = text[i];
    if (character === '"' || character === "'") {
      const end = text.indexOf(character, i + 1);
      if (end < 0) return -1;
      i = end;
    } else if (text.startsWith('<!--', i)) {
      const end = after(text, '-->', i + 4);
      if (end < 0) return -1;
      i = end - 1;
    } else if (character === '[') depth += 1;
    else if (character === ']') depth -= 1;
    else if (character === '>' && depth <= 0) return i + 1;
  }
  return -1;
}

function rootElement(text: string, at: number, encoding: string | null, doctype: string | null): XmlHead | null {
  NAME.lastIndex = at + 1;
  const name = NAME.exec(text)?.[0];
  if (
    name === undefined ||
    !ELEMENT.test(name) ||
    !/^(\s|>|\/>|$)/.test(text.slice(at + 1 + name.length, at + 3 + name.length))
  )
    return null;
  const { attributes, end } = readAttributes(text, at + 1 + name.length);
  const colon = name.indexOf(':');
  const declaration = colon < 0 ? 'xmlns' : `xmlns:${name.slice(0, colon)}`;
  return {
    name,
    localName: name.slice(colon + 1),
    namespace: attributes.get(declaration) ?? null,
    attributes,
    encoding,
    doctype,
    declared: /^\ufeff?\s*<\?xml\s/.test(text.slice(0, 200)),
    contentAt: end,
  };
}

/** Attributes from inside a start tag up to its `>`, or as far as the text goes. */
function readAttributes(text: string, start: number): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  let at = start;
  while (at < text.length) {
    at = skipWhitespace(text, at);
    const character = text[at];
    if (character === undefined || character === '<') break;
    if (character === '>') return { attributes, end: at + 1 };
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0];
    if (name === undefined) {
      at += 1;
      continue;
    }
    at = skipWhitespace(text, at + name.length);
    if (text[at] !== '=') continue;
    at = skipWhitespace(text, at + 1);
    const quote = text[at];
    if (quote !== '"' && quote !== "'") continue;
    const end = text.indexOf(quote, at + 1);
    if (end < 0) break;
    attributes.set(name, text.slice(at + 1, end));
    at = end + 1;
  }
  return { attributes, end: Math.min(at, text.length) };
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? -1 : found + mark.length;
}

function skipWhitespace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) break;
  }
  return at;
}
