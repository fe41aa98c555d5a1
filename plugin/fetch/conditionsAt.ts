import type { Known } from '../model/attempt.ts';
import { conditionsOf } from './cache/conditions.ts';
import { withoutFragment } from './cache/knownCopy.ts';
import type { ConditionalHeaders } from './follow/redirectChain.ts';

/**
 * The conditions of a request that starts at `start`; null where there is nothing to compare with. RFC 9110 section 13:
 * tied to the URL that gave the validators; where that is unknown, to its origin.
 */
export function conditionsAt(known: Known | null, start: URL): ConditionalHeaders | null {
  if (!known) return null;
  const headers = conditionsOf(known);
  if (Object.keys(headers).length === 0) return null;
  const { finalUrl } = known;
  return {
    headers,
    appliesTo: (url) => (finalUrl ? url.href === withoutFragment(finalUrl) : url.origin === start.origin),
  };
}
