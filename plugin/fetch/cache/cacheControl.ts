/** The directives of a Cache-Control field: names in lower case, each with the arguments it came with (null: none). */
export type CacheControl = ReadonlyMap<string, readonly (string | null)[]>;

/** What a delta-seconds too large to count stands for (RFC 9111 section 1.2.2). */
export const LARGEST_SECONDS = 2 ** 31;

/** No number, and no text that a directive could mean. */
const MALFORMED = ' ';

/** A name and what follows it; a name reaches as far as RFC 9110 section 5.6.2 lets a token reach. */
const DIRECTIVE = /^\s*([!#$%&'*+.^_`|~\w-]+)(.*)$/s;

/**
 * Reads Cache-Control (RFC 9111 section 5.2) from all its field lines. Forgiving: what is no directive is kept under the
 * name it seems to have, so that a malformed `max-age` can count against freshness instead of vanishing. Where semicolons
 * stand for commas, which is the commonest mistake, the names count and the arguments are malformed.
 */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  const directives = new Map<string, (string | null)[]>();
  for (const member of lines.flatMap((line) => split(line, ','))) {
    const parts = split(member, ';');
    for (const part of parts) {
      const [, name = '', rest = ''] = DIRECTIVE.exec(part) ?? [];
      if (name === '') continue;
      const argument = parts.length > 1 ? MALFORMED : argumentOf(rest);
      directives.set(name.toLowerCase(), [...(directives.get(name.toLowerCase()) ?? []), argument]);
    }
  }
  return directives;
}

/**
 * The smallest of a directive's delta-seconds (RFC 9111 section 1.2.2); 0 when one of them is not a number, because
 * invalid freshness information is to count as stale (section 4.2.1); null when the directive is absent.
 */
export function deltaSeconds(directives: CacheControl, name: string): number | null {
  const given = directives.get(name);
  if (!given) return null;
  return Math.min(
    ...given.map((text) => (text !== null && /^\d+$/.test(text) ? Math.min(Number(text), LARGEST_SECONDS) : 0)),
  );
}

/** Splits at separators that stand outside quotes; a quote that never ends reaches to the end of the line. */
function split(line: string, separator: ',' | ';'): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const character = line[i];
    if (quoted && character === '\\') i += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      found.push(line.slice(start, i));
      start = i + 1;
    }
  }
  found.push(line.slice(start));
  return found;
}

/** What follows a name: nothing, or an equals sign without whitespace after it, and a token or quoted text. */
function argumentOf(rest: string): string | null {
  if (rest.trim() === '') return null;
  if (!/^=(?!\s)/.test(rest)) return MALFORMED;
  const text = rest.slice(1).trimEnd();
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}
