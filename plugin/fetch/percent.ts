/**
 * Undoes percent-encoding once. A percent sign without two digits stands for itself. Null when `charset` is UTF-8 and the
 * bytes are not.
 */
export function decodePercent(text: string, charset: 'utf-8' | 'latin1'): string | null {
  const bytes: Buffer[] = [];
  let at = 0;
  for (const match of text.matchAll(/%([0-9a-f]{2})/gi)) {
    bytes.push(Buffer.from(text.slice(at, match.index)), Buffer.from(match[1] ?? '', 'hex'));
    at = match.index + match[0].length;
  }
  bytes.push(Buffer.from(text.slice(at)));
  const whole = Buffer.concat(bytes);
  if (charset === 'latin1') return whole.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
  } catch {
    return null;
  }
}
