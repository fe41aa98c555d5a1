const MAX_BYTES = 200;

/** Control, bidirectional, zero-width and other invisible characters, lone surrogates, private use. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu;
const RESERVED = /[<>:"|?*]/g;
/** Device names of Windows, with or without an extension. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(\s*\.|\s*$)/i;

/**
 * Any text as a file name that every file system, shell and browser can bear: the part after the last slash or backslash,
 * in NFC, nothing invisible, reserved or misleading in it. `''` when nothing is left. Its length is not limited here.
 */
export function safeName(text: string): string {
  const last = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1);
  const clean = last
    .normalize('NFC')
    .replace(/[\t\n\r]+/g, ' ')
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .replace(/\s+/gu, ' ')
    .replace(/ (?=\.[^. ]+$)/, '')
    // A dot in front hides the file, a dash makes it an option.
    .replace(/^[\s.~-]+/u, '');
  const name = withoutTail(clean);
  return DEVICE.test(name) ? `_${name}` : name;
}

/** Name and extension put together within the limit; what is cut off is the end of the name, at a whole character. */
export function limitedName(stem: string, extension: string): string {
  const suffix = extension === '' ? '' : `.${extension}`;
  const room = MAX_BYTES - Buffer.byteLength(suffix);
  if (Buffer.byteLength(stem) <= room) return stem + suffix;
  let used = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(stem.slice(0, room))) {
    used += Buffer.byteLength(segment);
    if (used > room) break;
    kept += segment;
  }
  return withoutTail(kept) + suffix;
}

/** Windows drops dots and spaces at the end. A pattern for this would need quadratic time. */
function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s.]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
