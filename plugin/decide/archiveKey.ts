/** `archive/{timestamp}/{resourceid}`: UTC to the second, as `20261123T070905Z`. */
export function keyPrefix(keyAt: Date, resourceId: string): string {
  const timestamp = keyAt.toISOString().replace(/[-:]|\.\d+/g, '');
  return `archive/${timestamp}/${safeSegment(resourceId)}`;
}

/** An id as a key has it. Those of portals are UUIDs or numbers; anything else is made safe so that different ids stay different. */
export function safeSegment(resourceId: string): string {
  const safe = resourceId.replace(/[^A-Za-z0-9._-]/g, (character) => `~${character.codePointAt(0)?.toString(16)}`);
  return /^\.*$/.test(safe) ? `~${safe}` : safe.slice(0, 200);
}

/** A second of its own for each file behind a page, none of them the page's: keys of one second may share a name. */
export const derivedKeyAt = (keyAt: Date, index: number): Date => new Date(keyAt.getTime() + 1000 * (index + 1));

const KEY = /^archive\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\/([^/]+)\//;

/** The time in a key; null: no key of an archive. */
export function keyAtOf(key: string): Date | null {
  const [, year, month, day, hour, minute, second] = KEY.exec(key) ?? [];
  return year === undefined ? null : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The id in a key, as `safeSegment` writes it; null: no key of an archive. */
export const idSegmentOf = (key: string): string | null => KEY.exec(key)?.[7] ?? null;
