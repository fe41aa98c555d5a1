import { placesInTree, type TreeItem } from './organisationTree.ts';

/** One of a tree, and below how many others it lies. */
export interface IndentedItem<Item> {
  readonly item: Item;
  readonly depth: number;
}

/** Each item followed by what lies in it, those of one parent in their order among `items`. Pure. */
export function indentedTree<Item extends TreeItem>(items: readonly Item[]): readonly IndentedItem<Item>[] {
  const places = placesInTree(items);
  const below = new Map<string | null, Item[]>();
  for (const item of items) {
    const parent = places.get(item.id)?.above.at(-1) ?? null;
    below.set(parent, [...(below.get(parent) ?? []), item]);
  }
  const listed: IndentedItem<Item>[] = [];
  const list = (parent: string | null, depth: number): void => {
    for (const item of below.get(parent) ?? []) {
      listed.push({ item, depth });
      list(item.id, depth + 1);
    }
  };
  list(null, 0);
  return listed;
}
