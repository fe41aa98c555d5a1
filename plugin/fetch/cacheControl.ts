/** The directives of a Cache-Control field: names in lower case, each with the arguments it came with (null: none). */
export type CacheControl = ReadonlyMap<string, readonly (string | null)[]>;

/** What a delta-seconds too large to count stands for (RFC 9111 section 1.2.2). */
export const LARGEST_SECONDS = 2 ** 31;

/**
 * Reads Cache-Control (RFC 9111 section 5.2) from all its field lines. Forgiving: what is no directive is kept under the
 * name it seems to have, so that a spoilt `max-age` can count against freshness instead of vanishing.
 */
export function parseCacheControl(lines: readonly string[]): CacheControl {
  const directives = new Map<string, (string | null)[]>();
  for (const member of lines.flatMap(members)) {
    const equals = member.indexOf('=');
    const name = (equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase();
    if (name === '') continue;
    const argument = equals < 0 ? null : unquoted(member.slice(equals + 1), member.slice(0, equals));
    const known = directives.get(name);
    if (known) known.push(argument);
    else directives.set(name, [argument]);
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

/** Splits at commas that stand outside quotes; a quote that never ends reaches to the end of the line. */
function members(line: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const sign = line[i];
    if (quoted && sign === '\\') i += 1;
    else if (sign === '"') quoted = !quoted;
    else if (sign === ',' && !quoted) {
      found.push(line.slice(start, i));
      start = i + 1;
    }
  }
  found.push(line.slice(start));
  return found;
}

/** No blank may stand at the equals sign; where one does the argument stays as it is, and is no number then. */
function unquoted(argument: string, before: string): string {
  if (/\s$/.test(before) || /^\s/.test(argument)) return ` ${argument}`;
  const text = argument.trimEnd();
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}
