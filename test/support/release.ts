/** What speaks against publishing this version, as a sentence; null: nothing. */
export function releaseProblem(changelog: string, version: string): string | null {
  const headings = [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
  if (headings.some((heading) => /unreleased/i.test(heading))) {
    return `CHANGELOG.md still has the heading "Unreleased": name it "${version} (YYYY-MM-DD)" before publishing.`;
  }
  const latest = headings[0] ?? 'none';
  return latest.startsWith(`${version} (`) ? null : `CHANGELOG.md ends with ${latest}, package.json says ${version}.`;
}
