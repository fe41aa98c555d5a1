/**
 * The pages of a list that is read in ascending id order, each after the last id of the one before; an empty page is the
 * end. `after`: where to begin, null for the beginning.
 */
export async function* pages<Item extends { readonly id: string }>(
  list: (after: string | null) => Promise<readonly Item[]>,
  after: string | null = null,
): AsyncGenerator<readonly Item[], void> {
  for (let last = after; ; ) {
    const page = await list(last);
    const next = page.at(-1);
    if (!next) return;
    yield page;
    last = next.id;
  }
}
