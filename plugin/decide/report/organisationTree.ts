/** One of a tree, and what it counts by itself. */
export interface TreeItem {
  readonly id: string;
  /** null: it is a part of nothing. */
  readonly parentId: string | null;
}

/** What lies above one, and all that lies in it. */
export interface TreePlace {
  /** The outermost first. */
  readonly above: readonly string[];
  /** It and everything below. */
  readonly within: readonly string[];
}

/**
 * The place of each item in its tree, by id. A parent that is not among them counts as none; where some are parts of each other in
 * a circle, none of them lies above another. Pure.
 */
export function placesInTree(items: readonly TreeItem[]): ReadonlyMap<string, TreePlace> {
  const parents = new Map(items.map(({ id, parentId }) => [id, parentId]));
  const above = new Map(items.map(({ id }) => [id, aboveOf(id, parents)]));
  const within = new Map<string, string[]>(items.map(({ id }) => [id, [id]]));
  for (const [id, ids] of above) for (const upper of ids) within.get(upper)?.push(id);
  return new Map(items.map(({ id }) => [id, { above: above.get(id) ?? [], within: within.get(id) ?? [id] }]));
}

function aboveOf(id: string, parents: ReadonlyMap<string, string | null>): string[] {
  const above: string[] = [];
  for (let next = parents.get(id) ?? null; next !== null && parents.has(next); next = parents.get(next) ?? null) {
    // A circle that it leads into, or is in.
    if (next === id || above.includes(next)) return [];
    above.unshift(next);
  }
  return above;
}
