import type { Attempt, Known } from '../../model/attempt.ts';
import type { SeenMove } from '../../model/proposal.ts';
import type { Resource } from '../../model/resource.ts';
import { permanentTarget } from './permanentTarget.ts';

/**
 * What a check says of where a link leads for good; null: nothing that was not known, for it found no file, asked nobody, or there
 * was no redirect the last time either. Pure.
 */
export function seenMove(
  attempt: Attempt,
  resource: Pick<Resource, 'id' | 'url' | 'urlType'>,
  known: Known | null,
  at: Date,
): SeenMove | null {
  const isFound = attempt.kind === 'fetched' || attempt.kind === 'unchanged';
  if (!isFound || attempt.requests === 0) return null;
  const url = permanentTarget(attempt, resource);
  if (url === null && !ledElsewhere(known)) return null;
  return { resourceId: resource.id, ofUrl: resource.url, url, at };
}

/** Whether something may have been seen before. */
function ledElsewhere(known: Known | null): boolean {
  if (!known?.finalUrl || known.finalUrl === known.url || !URL.canParse(known.url)) return false;
  return new URL(known.url).href.replace(/#.*$/s, '') !== known.finalUrl;
}
