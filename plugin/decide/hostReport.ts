import type { FetchCost, HostReport } from '../model/host.ts';

/** The part of a host's report that follows from what the work on a slice cost. */
export type HostUsage = Omit<HostReport, 'owner' | 'slots' | 'limits' | 'now'>;

/**
 * What the archivals on a slice of `granted` requests come to. Requests beyond the grant (redirects, resumptions) are
 * charged: sweeps wait for them. `urgent`, for interactive requests: they impose no pause after their answers.
 */
export function hostReport(
  costs: readonly FetchCost[],
  granted: number,
  { urgent }: { readonly urgent: boolean },
): HostUsage {
  const asked = costs.filter(({ host }) => host !== 'none');
  const meanMs = asked.length === 0 ? 0 : sumOf(asked, ({ ms }) => ms) / asked.length;
  const waitsMs = costs.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    unused: granted - sumOf(costs, ({ requests }) => requests),
    bytes: sumOf(costs, ({ bytes }) => bytes),
    responseMs: urgent ? 0 : meanMs,
    retryAfterMs: waitsMs.length === 0 ? null : Math.max(...waitsMs),
    overloadsMs: costs.flatMap(({ overloadMs }) => overloadMs ?? []),
    deadCount: asked.filter(({ host }) => host === 'unreachable').length,
    aliveCount: asked.filter(({ host }) => host === 'reachable').length,
  };
}

function sumOf(costs: readonly FetchCost[], pick: (cost: FetchCost) => number): number {
  return costs.reduce((sum, cost) => sum + pick(cost), 0);
}
