/** The README of the package: without what only a clone of the repository has. */
export function publishedReadme(readme: string): string {
  return readme.replaceAll(/<!-- repository -->[\s\S]*?<!-- \/repository -->\n\n/g, '');
}

/** The files that a page links to, relative to it. */
export function linkedFiles(page: string): string[] {
  return [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].flatMap(([, path]) => path ?? []);
}
