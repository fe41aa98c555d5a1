import type { HeaderMap } from '../../model/attempt.ts';

/** The field's text; a repeated field is joined as RFC 9110 section 5.3 says. null when absent. */
export function field(headers: HeaderMap, name: string): string | null {
  if (!Object.hasOwn(headers, name)) return null;
  const value = headers[name];
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}

/** Every value of a field, in order. */
export function fields(headers: HeaderMap, name: string): readonly string[] {
  if (!Object.hasOwn(headers, name)) return [];
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** The first value of a field that must be single, e.g. `ETag`: a second one is noise of a proxy. */
export function firstField(headers: HeaderMap, name: string): string | null {
  return fields(headers, name)[0] ?? null;
}

/** Field names are case-insensitive (RFC 9110 section 5.1): in lower case, several spellings of a name as one field. */
export function lowerCased(headers: HeaderMap): HeaderMap {
  const names = Object.keys(headers);
  if (names.every((name) => name === name.toLowerCase())) return headers;
  const values = new Map<string, readonly string[]>();
  for (const name of names) {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), ...fields(headers, name)]);
  }
  return Object.fromEntries(values);
}

/**
 * The declared length: RFC 9110 section 8.6. A repeated equal value counts once; `null` when there is none, when it is
 * no number, or when a transfer coding makes it void.
 */
export function declaredLength(headers: HeaderMap): number | null {
  if (fields(headers, 'transfer-encoding').some((coding) => !/^\s*(?:identity)?\s*$/i.test(coding))) return null;
  const single = firstField(headers, 'content-length');
  if (single === null) return null;
  if (single === headers['content-length'] && /^\d{1,15}$/.test(single)) return Number(single);
  const values = new Set(
    fields(headers, 'content-length')
      .join(',')
      .split(',')
      .map((value) => value.trim()),
  );
  const [value] = values;
  if (values.size !== 1 || value === undefined || !/^\d+$/.test(value)) return null;
  // Too large to count is still declared, and above every limit.
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

/**
 * What is wrong with the declared length (RFC 9112 section 6.3, rule 5): several that differ, or a number that is no length
 * (`-5`, `9e999`, `0x10`). null: nothing, or a text that is no number at all, which hinders no browser and says nothing.
 */
export function wrongLength(headers: HeaderMap): string | null {
  const values = fields(headers, 'content-length')
    .flatMap((value) => value.split(','))
    .map((value) => value.trim());
  if (new Set(values.map(Number)).size > 1) return 'The answer declares several different lengths.';
  const impossible = values.find((value) => /\d/.test(value) && !/^\d+$/.test(value));
  return impossible === undefined ? null : `The answer declares a length that is none: ${impossible.slice(0, 40)}`;
}

/** The media type alone, in lower case: `text/csv` of `Text/CSV; charset=utf-8`. */
export function mediaTypeOf(headers: HeaderMap): string | null {
  const text = firstField(headers, 'content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/.test(text) ? text : null;
}

/** The content coding in lower case; '' for none. */
export function codingOf(headers: HeaderMap): string {
  const coding = (field(headers, 'content-encoding') ?? '').trim().toLowerCase();
  return coding === 'identity' ? '' : coding;
}
