/** The same text without credentials, whatever else is wrong with it. Its query stays: it may tell what is wrong. */
export function redactUrl(url: string | URL): string {
  const text = typeof url === 'string' ? withoutStrippedCharacters(url) : url.href;
  // Where nothing can say what is user and what is host, everything up to the last @ might be a password.
  if (!URL.canParse(text)) return text.replace(/^([^:/?#\\@]*:)?([/\\]*).*@/s, '$1$2');
  return text.replace(/^([^:/?#\\@]*:)?([/\\]*)[^/?#\\]*@/, '$1$2');
}

/** What the standard removes (spaces and controls around, tabs and line breaks within), and Unicode's whitespace around. */
export function withoutStrippedCharacters(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters in question
  const around = /^[\s\u0000-\u0020\u200b\u2060]+|[\s\u0000-\u0020\u200b\u2060]+$/g;
  return text.replace(around, '').replace(/[\t\r\n]/g, '');
}
