import type { Archival } from '../model/archival.ts';

/**
 * Whether a link is broken: what is said in public. `true`: it failed as often in a row as `confirmFailures` says, and has
 * not worked since; `false`: it works; `null`: unsure, or not confirmed yet. What the last attempt alone showed is
 * `Archival.broken`.
 */
export function isBroken(
  { broken, linkFailureCount }: Pick<Archival, 'broken' | 'linkFailureCount'>,
  confirmFailures: number,
): boolean | null {
  if (broken === false) return false;
  return linkFailureCount >= confirmFailures ? true : null;
}
