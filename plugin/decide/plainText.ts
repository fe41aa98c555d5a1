const REPLACEMENT = '\ufffd';
/** What nearly every text consists of, and nothing of which is ever replaced. */
const PRINTABLE_ASCII = /^[ -~]*$/;
/** Controls and the two separators that end a line wherever a text is shown. */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
const BIDI = /\p{Bidi_Control}/gu;
const LONE_SURROGATES = /\p{Cs}/gu;

/** At most so many code points, the last of them an ellipsis where something was cut off. */
function bounded(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // A code point has at most two units, so that no longer text need be taken apart.
  const points = [...text.slice(0, 2 * maxLength + 2)];
  return points.length <= maxLength ? text : `${points.slice(0, maxLength - 1).join('')}…`;
}

/**
 * A text that PostgreSQL takes as text and within JSON, else as it came: what is no Unicode (a lone surrogate) and NUL,
 * which PostgreSQL has no place for, become U+FFFD. At most `maxLength` code points.
 */
export function storableText(text: string, maxLength: number): string {
  if (PRINTABLE_ASCII.test(text)) return bounded(text, maxLength);
  return bounded(text.replace(LONE_SURROGATES, REPLACEMENT).replaceAll('\0', REPLACEMENT), maxLength);
}

/**
 * A foreign text that people are shown, in a line of its own: {@link storableText} with controls as spaces and without
 * the characters that turn the direction of what stands around them (Unicode's Bidi_Control).
 */
export function plainText(text: string, maxLength: number): string {
  if (PRINTABLE_ASCII.test(text)) return bounded(text, maxLength);
  return storableText(text.replace(CONTROLS, ' ').replace(BIDI, ''), maxLength);
}
