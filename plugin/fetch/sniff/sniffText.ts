import { isAscii } from 'node:buffer';
import iconv from 'iconv-lite';

const LESS_THAN = 0x3c;

/** Bytes as text, and how that was known. */
export interface DecodedText {
  /** Without a byte-order mark. */
  readonly text: string;
  /** Lower case, IANA. */
  readonly charset: string;
  /** What the character set was concluded from. */
  readonly from: 'byte-order mark' | 'Content-Type' | 'document' | 'bytes' | 'guess';
}

/**
 * The bytes as text, whose end may cut a character. The character set comes from a byte-order mark, else from zero bytes
 * in step (UTF-16), else from Content-Type or the document itself where the bytes allow it, else UTF-8 when the bytes are,
 * else windows-1252. A declared set that the bytes contradict is passed over.
 */
export function decodeText(bytes: Uint8Array, contentType: string | null): DecodedText {
  const marked = byMark(bytes);
  if (marked) return marked;
  const wide = wideCharset(bytes);
  if (wide) return { text: decodeWith(bytes, wide), charset: wide, from: 'bytes' };
  const plain = isAscii(bytes);
  const text = plain ? bufferOf(bytes).toString('latin1') : utf8(bytes);
  const declared = knownCharset(charsetParameter(contentType));
  const inside = knownCharset(charsetInside(bytes));
  // Bytes beyond ASCII that make good UTF-8 are no accident, whatever is declared.
  if (text !== null && !plain) {
    return { text, charset: 'utf-8', from: declared === 'utf-8' ? 'Content-Type' : 'bytes' };
  }
  if (text !== null) return { text, charset: declared ?? inside ?? 'utf-8', from: origin(declared, inside) };
  const charset = [declared, inside].find((it) => it !== null && it !== 'utf-8') ?? 'windows-1252';
  return {
    text: decodeWith(bytes, charset),
    charset,
    from: charset === declared ? 'Content-Type' : charset === inside ? 'document' : 'guess',
  };
}

function origin(declared: string | null, inside: string | null): DecodedText['from'] {
  return declared ? 'Content-Type' : inside ? 'document' : 'bytes';
}

/**
 * Whether bytes that carry no known magic number are text at all: no control characters beyond what terminals use, once
 * wide encodings are allowed for.
 */
export function looksTextual(bytes: Uint8Array): boolean {
  // Behind the mark of UTF-8 zero bytes are as telling as without it.
  const isUtf8 = markLength(bytes) === 3;
  const rest = isUtf8 ? bytes.subarray(3) : bytes;
  if ((!isUtf8 && byMark(bytes)) || wideCharset(rest)) return true;
  if (rest.includes(0)) return false;
  let controls = 0;
  const length = Math.min(rest.length, 4096);
  for (let i = 0; i < length; i += 1) controls += STRANGE[rest[i] ?? 0] ?? 0;
  return controls * 500 <= length;
}

/** 1 for bytes that hardly occur in text. Escape (ISO 2022), form feed, SUB (end of a DOS file) and the record separator of JSON sequences do. */
const STRANGE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const allowed = (byte >= 0x08 && byte <= 0x0d) || byte === 0x1a || byte === 0x1b || byte === 0x1e;
  return byte === 0x7f || (byte < 0x20 && !allowed) ? 1 : 0;
});

/** The bytes of a byte-order mark at the beginning: of UTF-8 3, of UTF-32 4, of UTF-16 2, else 0. */
export function markLength(bytes: Uint8Array): 0 | 2 | 3 | 4 {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) return 4;
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? 2 : 0;
}

function charsetParameter(contentType: string | null): string | null {
  return /;\s*charset\s*=\s*["']?([\w.:+-]{1,40})/i.exec(contentType ?? '')?.[1] ?? null;
}

function byMark(bytes: Uint8Array): DecodedText | null {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) {
    return { text: new TextDecoder('utf-8').decode(bytes.subarray(3)), charset: 'utf-8', from: 'byte-order mark' };
  }
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return withMark(bytes.subarray(4), 'utf-32le');
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return withMark(bytes.subarray(4), 'utf-32be');
  // FF FE alone also begins MPEG audio and the like: a second look at what follows.
  if (a === 0xff && b === 0xfe) return plausible(withMark(bytes.subarray(2), 'utf-16le'));
  if (a === 0xfe && b === 0xff) return plausible(withMark(bytes.subarray(2), 'utf-16be'));
  return null;
}

function withMark(rest: Uint8Array, charset: string): DecodedText {
  return { text: decodeWith(rest, charset), charset, from: 'byte-order mark' };
}

function plausible(decoded: DecodedText): DecodedText | null {
  const sample = decoded.text.slice(0, 2000);
  const odd = sample.match(/(?![\t\n\v\f\r])[\p{Cc}\p{Cn}]/gu)?.length ?? 0;
  return odd * 20 <= sample.length ? decoded : null;
}

/** UTF-16 without a mark. */
function wideCharset(bytes: Uint8Array): string | null {
  if (!bytes.includes(0)) return null;
  return wideLatin(bytes) ?? wideOther(bytes, 'utf-16le') ?? wideOther(bytes, 'utf-16be');
}

/**
 * Letters of any script, and line ends among them: bytes of another kind make unassigned characters, private ones or
 * controls sooner or later.
 */
function wideOther(bytes: Uint8Array, charset: 'utf-16le' | 'utf-16be'): string | null {
  const sample = bytes.subarray(0, Math.min(bytes.length, 2048) & ~1);
  if (sample.length < 16 || !sample.includes(0)) return null;
  const text = decodeWith(sample, charset);
  const odd = text.match(/(?![\t\r\n])[\p{C}\ufffd]/gu)?.length ?? 0;
  const separators = text.match(/[\n\t ,;|]/g)?.length ?? 0;
  return odd === 0 && text.includes('\n') && separators * 50 > text.length ? charset : null;
}

/** Nearly every second byte zero, the others letters. */
function wideLatin(bytes: Uint8Array): string | null {
  const length = Math.min(bytes.length, 4096) & ~1;
  if (length < 8 || !bytes.subarray(0, length).includes(0)) return null;
  const zeros: [number, number] = [0, 0];
  let printable = 0;
  for (let i = 0; i < length; i += 2) {
    const even = bytes[i] ?? 0;
    const odd = bytes[i + 1] ?? 0;
    if (even === 0) zeros[0] += 1;
    if (odd === 0) zeros[1] += 1;
    const code = even === 0 ? odd : even;
    if (code >= 0x20 || (code >= 0x09 && code <= 0x0d)) printable += 1;
  }
  const pairs = length / 2;
  if (printable < pairs * 0.95) return null;
  if (zeros[1] > pairs * 0.7 && zeros[0] < pairs * 0.05) return 'utf-16le';
  return zeros[0] > pairs * 0.7 && zeros[1] < pairs * 0.05 ? 'utf-16be' : null;
}

/** What an XML declaration, a `<meta>` or CSS-like `@charset` says; looked for in the first KiB. */
function charsetInside(bytes: Uint8Array): string | null {
  const head = bytes.subarray(0, 1024);
  if (!head.includes(LESS_THAN)) return null;
  const start = bufferOf(head).toString('latin1');
  const xml = /^\s{0,200}<\?xml[^>]{0,200}\sencoding\s{0,20}=\s{0,20}["']([\w.:-]{1,40})["']/.exec(start)?.[1];
  return xml ?? /<meta[^>]{0,300}charset\s{0,20}=\s{0,20}["']?([\w.:-]{1,40})/i.exec(start)?.[1] ?? null;
}

/** Null also for UTF-16 and UTF-32, which the bytes themselves would have shown. */
function knownCharset(name: string | null): string | null {
  const charset = name?.toLowerCase() ?? '';
  if (charset === '' || /^(utf-?(16|32)|ucs|base64|hex|binary|utf-?7)/.test(charset)) return null;
  if (charset === 'utf8' || charset === 'utf-8') return 'utf-8';
  return iconv.encodingExists(charset) ? charset : null;
}

/** Null when the bytes are not UTF-8; a character cut at the end is left out. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
}

function decodeWith(bytes: Uint8Array, charset: string): string {
  return iconv.decode(bufferOf(bytes), charset, { stripBOM: true });
}

/** The same bytes, not copied. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
