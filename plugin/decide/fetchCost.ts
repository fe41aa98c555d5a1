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

/** What an attempt says of its cost. */
type Costly = Pick<Attempt, 'requests' | 'wireBytes' | 'ms' | 'retryAfterMs' | 'code' | 'status' | 'elsewhere'>;

/** What an attempt cost the host of its link: other hosts on the way are charged when they are asked. */
export function costOf(attempt: Costly): FetchCost {
  const { elsewhere } = attempt;
  if (!elsewhere) return costOfAll(attempt);
  const requests = Math.max(0, attempt.requests - elsewhere.requests);
  const wireBytes = Math.max(0, attempt.wireBytes - elsewhere.wireBytes);
  // It led on: what came in the end is not its answer.
  const answer = elsewhere.ended ? ({ code: 'archived', status: 302, retryAfterMs: null } as const) : attempt;
  return costOfAll({ ...attempt, ...answer, requests, wireBytes });
}

function costOfAll({ requests, wireBytes, ms, retryAfterMs, code, status }: Costly): FetchCost {
  const answer = status === null && NO_CONNECTION.has(code) ? 'unreachable' : 'reachable';
  return {
    requests,
    bytes: wireBytes,
    ms,
    ...waitsOf(status, code, retryAfterMs),
    host: requests === 0 ? 'none' : answer,
    interrupted: false,
  };
}

/**
 * A 429 is about who asks, so it holds for the whole host. Any other status speaks of the resource (RFC 9110 section
 * 10.2.3); a 202 says when one file is ready, and nothing of its host.
 */
function waitsOf(
  status: number | null,
  code: string,
  askedMs: number | null,
): Pick<FetchCost, 'retryAfterMs' | 'overloadMs'> {
  if (status === 429 || code === 'rate-limited') return { retryAfterMs: askedMs, overloadMs: null };
  return { retryAfterMs: null, overloadMs: status === 202 ? null : askedMs };
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
