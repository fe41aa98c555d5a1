import iconv from 'iconv-lite';
import { decodePercent } from './percent.ts';

/**
 * The file name a Content-Disposition proposes (RFC 6266), not made safe; null when it proposes none. `filename*` (RFC
 * 8187) beats `filename`; one that cannot be decoded is passed over. Reads what servers send, not only what the grammar
 * allows: a missing disposition type, spaces without quotes, raw UTF-8 or ISO 8859-1 bytes, percent signs in `filename`.
 */
export function dispositionName(field: string): string | null {
  const parameters = parametersOf(field);
  const extended = parameters.filter(([name]) => name === 'filename*').map(([, value]) => extendedValue(value));
  const plain = parameters.filter(([name]) => name === 'filename').map(([, value]) => plainValue(value));
  return [...extended, ...plain].find((name) => name !== null && name.trim() !== '') ?? null;
}

/** `name=value` pairs in order, names in lower case, quoted strings unescaped. */
function parametersOf(field: string): [string, string][] {
  const found: [string, string][] = [];
  let at = 0;
  while (at < field.length) {
    const end = endOfParameter(field, at);
    const part = field.slice(at, end);
    const equals = part.indexOf('=');
    if (equals > 0) found.push([part.slice(0, equals).trim().toLowerCase(), unquoted(part.slice(equals + 1).trim())]);
    at = end + 1;
  }
  return found;
}

/**
 * The next semicolon outside quotes. Quotes count only where a value begins: `filename=5"disk.csv` has none. The value of
 * `filename*` begins behind its charset and its language.
 */
function endOfParameter(field: string, start: number): number {
  const openings = /^[^=;]*\*[ \t]*=/.test(field.slice(start)) ? "='" : '=';
  let quoted = false;
  let valueBegins = false;
  for (let i = start; i < field.length; i += 1) {
    const character = field.charAt(i);
    if (quoted && character === '\\') i += 1;
    else if (quoted && character === '"') quoted = false;
    else if (quoted) continue;
    else if (character === ';') return i;
    else if (openings.includes(character)) valueBegins = true;
    else if (character === '"' && valueBegins) quoted = true;
    else if (character !== ' ' && character !== '\t') valueBegins = false;
  }
  return field.length;
}

/** Backslashes escape quotes and themselves only: `C:\data\a.csv` is what old browsers' servers send. */
function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  const end = value.length > 1 && value.endsWith('"') ? -1 : undefined;
  return value.slice(1, end).replace(/\\(["\\])/g, '$1');
}

/**
 * `UTF-8'en'%e2%82%ac.csv`; null when it is not of this form, its charset unknown or its bytes wrong. Quotes and raw bytes
 * behind the charset, which many servers send, are read as those of `filename`.
 */
function extendedValue(value: string): string | null {
  const parts = /^([A-Za-z0-9!#$%&+^_`{}~.-]*)'[^']*'(.*)$/s.exec(value);
  const charset = parts?.[1]?.toLowerCase();
  const text = unquoted(parts?.[2]?.trim() ?? '');
  if (charset === 'utf-8' || charset === 'utf8') return decodePercent(asUtf8(text), 'utf-8');
  if (charset === 'iso-8859-1' || charset === 'latin1') return decodePercent(text, 'latin1');
  return charset === undefined ? null : otherCharset(text, charset);
}

/** RFC 8187 demands UTF-8 and allows others; browsers read what they know. */
function otherCharset(text: string, charset: string): string | null {
  if (!/^(windows-|cp|iso-8859-|koi8-|shift_jis|euc-|gb|big5)/.test(charset) || !iconv.encodingExists(charset))
    return null;
  const decoded = iconv.decode(Buffer.from(decodePercent(text, 'latin1') ?? '', 'latin1'), charset);
  return decoded.includes('\ufffd') ? null : decoded;
}

/** Header bytes arrive as ISO 8859-1; where they make good UTF-8 that is what was meant. */
function plainValue(value: string): string {
  const text = asUtf8(encodedWord(value) ?? value);
  // Not in the standard, but many servers do it and browsers undo it.
  return /%[0-9a-f]{2}/i.test(text) ? (decodePercent(text, 'utf-8') ?? text) : text;
}

function asUtf8(text: string): string {
  if (!/[\u0080-\u00ff]/.test(text) || /[^\0-\u00ff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** `=?UTF-8?B?…?=` (RFC 2047), never allowed here and sent nevertheless. */
function encodedWord(value: string): string | null {
  const word = /^=\?utf-8\?([bq])\?([^?]*)\?=$/i.exec(value.trim());
  if (!word) return null;
  const [, encoding = '', text = ''] = word;
  if (encoding.toLowerCase() === 'b') return Buffer.from(text, 'base64').toString('utf8');
  return decodePercent(
    text
      .replace(/_/g, ' ')
      .replace(/%/g, '%25')
      .replace(/=([0-9a-f]{2})/gi, '%$1'),
    'utf-8',
  );
}
