/** Moments that a host reports, CKAN-like. There is no `before…`: an archiver never vetoes a save. */
export const HOOK_NAMES = [
  'afterResourceCreate',
  'afterResourceUpdate',
  'afterResourceDelete',
  'afterDatasetUpdate',
  'afterDatasetDelete',
] as const;

/** One of {@link HOOK_NAMES}. */
export type HookName = (typeof HOOK_NAMES)[number];

/** false for a name that this version does not know, e.g. one that a newer version wrote. */
export function isHookName(text: string): text is HookName {
  return HOOK_NAMES.some((name) => name === text);
}
