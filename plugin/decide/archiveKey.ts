/** `archive/{timestamp}/{resourceid}`: UTC to the second, as `20261123T070905Z`. */
export function keyPrefix(keyAt: Date, resourceId: string): string {
  const timestamp = keyAt.toISOString().replace(/[-:]|\.\d+/g, '');
  return `archive/${timestamp}/${safeSegment(resourceId)}`;
}

/** Ids of portals are UUIDs or numbers; anything else is made safe in a way that keeps different ids different. */
function safeSegment(resourceId: string): string {
  const safe = resourceId.replace(/[^A-Za-z0-9._-]/g, (character) => `~${character.codePointAt(0)?.toString(16)}`);
  return /^\.*$/.test(safe) ? `~${safe}` : safe.slice(0, 200);
}

/** A second of its own for each file behind a page, none of them the page's: keys of one second may share a name. */
export const derivedKeyAt = (keyAt: Date, index: number): Date => new Date(keyAt.getTime() + 1000 * (index + 1));
