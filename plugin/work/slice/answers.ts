import type { Lease } from '../../model/archival.ts';
import type { FetchCost } from '../../model/host.ts';

/** Resources of one URL: what the host was asked for, and what came of it once that is recorded. */
export interface Archiving {
  readonly answered: FetchCost;
  readonly recorded: Promise<FetchCost>;
}

/** Goes on when the host has answered, or when it was not asked at all. */
export async function untilAnswered(
  archive: (onAnswered: (cost: FetchCost) => void) => Promise<FetchCost>,
): Promise<Archiving> {
  let onAnswered: (cost: FetchCost) => void = () => undefined;
  const answer = new Promise<FetchCost>((resolve) => {
    onAnswered = resolve;
  });
  const recorded = archive(onAnswered);
  return { answered: await Promise.race([answer, recorded]), recorded };
}

/** One request answers all that share a URL. */
export function byUrl(leases: readonly Lease[]): Lease[][] {
  const groups = new Map<string, Lease[]>();
  for (const lease of leases) {
    const { url } = lease.archival;
    const group = groups.get(url);
    if (group) group.push(lease);
    else groups.set(url, [lease]);
  }
  return [...groups.values()];
}
