/**
 * Words by language: ours, with what a portal says otherwise or adds. A language of the portal's that leaves sentences out takes
 * them from ours of that tag, or from `fallback`.
 */
export function mergedLanguages<Words extends object>(
  own: Readonly<Record<string, Words>>,
  fallback: Words,
  added: Readonly<Record<string, Partial<Words>>> = {},
): Readonly<Record<string, Words>> {
  const merged = Object.entries(added).map(([tag, words]) => [tag, { ...(own[tag] ?? fallback), ...words }] as const);
  return { ...own, ...Object.fromEntries(merged) };
}

/** The tag among `tags` that `asked` means: `de-AT` and `de_AT` are answered in `de`; undefined: none. */
export function knownLanguage(tags: readonly string[], asked: string): string | undefined {
  const wanted = asked.toLowerCase().replaceAll('_', '-');
  const find = (tag: string) => tags.find((one) => one.toLowerCase() === tag);
  return find(wanted) ?? find(wanted.split('-')[0] ?? '');
}
