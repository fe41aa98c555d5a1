/**
 * Undoes percent-encoding once. A percent sign without two digits stands for itself. Null when `charset` is UTF-8 and the
 * bytes are not.
 */
export function decodePercent(text: string, charset: 'utf-8' | 'latin1'): string | null {
  if (charset === 'latin1') {
    return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  }
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return null;
  }
}

/** The last segment of a URL's path, still encoded; `''` where there is none. The URL as the standard's parser writes it. */
export function lastSegment(href: string): string {
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(href)?.[1] ?? '';
  return path.slice(path.lastIndexOf('/') + 1);
}
