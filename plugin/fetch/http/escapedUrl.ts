/** Characters that no URL may hold (RFC 3986 section 2), and that the WHATWG standard leaves as they are in a path or a query. */
const LEFT_UNESCAPED = /[|[\]{}^"`]/g;

/** The URL with these escaped, as strict servers want it; null where it has none of them. */
export function escapedUrl(url: URL): URL | null {
  if (url.pathname.search(LEFT_UNESCAPED) < 0 && url.search.search(LEFT_UNESCAPED) < 0) return null;
  const escaped = new URL(url.href);
  escaped.pathname = withEscapes(url.pathname);
  // An empty query keeps its question mark.
  if (url.search !== '') escaped.search = withEscapes(url.search);
  return escaped.href === url.href ? null : escaped;
}

function withEscapes(text: string): string {
  return text.replace(LEFT_UNESCAPED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
