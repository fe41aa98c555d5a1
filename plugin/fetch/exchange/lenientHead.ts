import type { HeaderMap } from '../../model/attempt.ts';

/** A final or interim head; header names in lower case, a repeated field as a list. */
export interface LenientHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderMap;
}

const BLANK_LINE = /\r?\n\r?\n/g;

/** Where the head ends and the body begins in what has come so far; null while the blank line is missing. */
export function headEnd(text: string): number | null {
  const start = /^(?:\r?\n)+/.exec(text)?.[0].length ?? 0;
  BLANK_LINE.lastIndex = start;
  const found = BLANK_LINE.exec(text);
  return found ? found.index + found[0].length : null;
}

/**
 * Reads a head as browsers do: bare line feeds, folded lines (RFC 9112 section 5.2), a missing reason, spaces around
 * names, lines that are no header. null when even that finds no status line, or when a NUL is in it.
 */
export function parseLenientHead(text: string): LenientHead | null {
  if (text.includes('\0')) return null;
  const [first, ...lines] = unfolded(text);
  const found = /^(?:HTTP\/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?:[ \t]+(.*))?$/i.exec(first?.trim() ?? '');
  if (!found) return null;
  return { status: Number(found[1]), statusText: found[2] ?? '', headers: headersOf(lines) };
}

function unfolded(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.replace(/^(?:\r?\n)+/, '').split(/\r?\n/)) {
    const folded = /^[ \t]/.test(line) && lines.length > 1;
    if (folded) lines[lines.length - 1] += ` ${line.trim()}`;
    else if (line !== '') lines.push(line);
  }
  return lines;
}

function headersOf(lines: readonly string[]): HeaderMap {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) continue;
    const values = headers.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    headers.set(name, values);
  }
  return Object.fromEntries(
    [...headers].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}
