import type { Attempt } from '../model/attempt.ts';
import type { FetchCost } from '../model/host.ts';

/** Of an archival that asked nobody. */
export const NO_REQUEST: FetchCost = {
  requests: 0,
  bytes: 0,
  ms: 0,
  retryAfterMs: null,
  host: 'none',
  interrupted: false,
};

const NO_CONNECTION: ReadonlySet<string> = new Set(['refused', 'timeout', 'dns']);

/** What an attempt cost the host it asked. */
export function costOf({ requests, wireBytes, ms, retryAfterMs, code, status }: Attempt): FetchCost {
  const answer = status === null && NO_CONNECTION.has(code) ? 'unreachable' : 'reachable';
  return {
    requests,
    bytes: wireBytes,
    ms,
    // A 202 says when one file is ready, and asks nothing for the others of its host.
    retryAfterMs: status === 202 ? null : retryAfterMs,
    host: requests === 0 ? 'none' : answer,
    interrupted: false,
  };
}

/** What archivals of one URL cost together. */
export function sumOfCosts(costs: readonly FetchCost[]): FetchCost {
  const asked = costs.filter(({ requests }) => requests > 0);
  const sum = asked.reduce((before, one) => ({ ...one, ...addedCosts(before, one) }), NO_REQUEST);
  return { ...sum, interrupted: costs.some(({ interrupted }) => interrupted) };
}

function addedCosts(one: FetchCost, other: FetchCost): Pick<FetchCost, 'requests' | 'bytes' | 'ms'> {
  return { requests: one.requests + other.requests, bytes: one.bytes + other.bytes, ms: one.ms + other.ms };
}
