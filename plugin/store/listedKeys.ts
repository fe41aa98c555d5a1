/** Clouds take for a page of a list what they take for about so many questions for one object. */
const PAGE_WORTH = 13;
/** Objects in a page. */
const PAGE = 1000;
/** Lists at the same time. */
const CONCURRENCY = 4;
/** Of a key: `archive/` with the time to the second, to ten seconds, to the minute. */
const PREFIX_LENGTHS = ['archive/20261123T070905Z/', 'archive/20261123T07090', 'archive/20261123T0709'].map(
  ({ length }) => length,
);

/**
 * Those of the keys that lists show, where lists are the cheaper question: where many keys lie close together in time, as those
 * that one sweep wrote. A list of what lies there besides is left before it costs more than asking for each key. A key that is
 * not in the answer may be there all the same.
 */
export async function listedKeys(
  keys: readonly string[],
  list: (prefix: string) => AsyncIterable<string>,
): Promise<Set<string>> {
  const listed = new Set<string>();
  const waiting = [...groupsOf(keys)];
  const work = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) await find(group[1], list(group[0]), listed);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, waiting.length) }, work));
  return listed;
}

/** By the longest prefix that enough of them share; the rest is in no group. */
function groupsOf(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  let left: readonly string[] = keys;
  for (const length of PREFIX_LENGTHS) {
    const together = new Map<string, string[]>();
    for (const key of left) {
      const prefix = key.slice(0, length);
      const group = together.get(prefix);
      if (group) group.push(key);
      else together.set(prefix, [key]);
    }
    left = [...together].flatMap(([prefix, group]) => {
      if (group.length < PAGE_WORTH) return group;
      groups.set(prefix, group);
      return [];
    });
  }
  return groups;
}

async function find(group: readonly string[], names: AsyncIterable<string>, listed: Set<string>): Promise<void> {
  const missing = new Set(group);
  let left = Math.floor(group.length / PAGE_WORTH) * PAGE;
  for await (const name of names) {
    if (missing.delete(name)) listed.add(name);
    left -= 1;
    if (left === 0 || missing.size === 0) return;
  }
}
