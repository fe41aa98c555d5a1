/** The page with `part` between `<!-- name -->` and `<!-- /name -->`; throws where it has no such place. */
export function filledPage(page: string, name: string, part: string): string {
  const place = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!place.test(page)) throw new Error(`The page has no place for ${name}.`);
  return page.replace(place, (_, before, after) => `${before}\n\n${part}\n\n${after}`);
}
