/**
 * The absolute URL that a template leads to, whose `{…}` are replaced by the values of those names; below `site` where it begins
 * with a slash. null: there is no such page, or no `site`.
 */
export function pageUrl(
  template: string,
  site: string | null,
  values: Readonly<Record<string, string>>,
): string | null {
  const isPath = template.startsWith('/');
  if (template === '' || (isPath && site === null)) return null;
  const filled = template.replace(/\{(\w+)\}/g, (written, name: string) =>
    values[name] === undefined ? written : encodeURIComponent(values[name]),
  );
  return isPath ? `${site}${filled}` : filled;
}
