/** The host that politeness counts for: `host` or `host:port` in lower case; `''` for a text that is no HTTP URL. */
export function hostOf(url: string): string {
  const trimmed = url.trim();
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return '';
  return new URL(trimmed).host;
}
