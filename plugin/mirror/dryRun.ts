import { isDerived, isOwnPage } from '../decide/circular.ts';
import { hostOf } from '../decide/hostOf.ts';
import { MatchingDatasets } from '../portal/ckan/matchingDatasets.ts';
import type { RemoteDataset } from '../portal/ckan/remoteDataset.ts';
import type { MirrorOptions, MirrorResult, MirrorSurroundings } from './MirrorOptions.ts';
import { openRemote } from './openMirror.ts';

/**
 * Lists the portal and does nothing else: no folder, no database, no request to a publisher. Its summary counts what
 * would be there, and what is excluded already now.
 */
export async function dryRun(options: MirrorOptions, surroundings: MirrorSurroundings): Promise<MirrorResult> {
  const startedAt = performance.now();
  const { remote, config, apiRequests, close } = await openRemote(options, surroundings);
  const hosts = new Set<string>();
  const found = { datasets: 0, resources: 0, circular: 0 };
  const count = ({ resources }: RemoteDataset) => {
    found.datasets += 1;
    found.resources += resources.length;
    for (const resource of resources) {
      if (isDerived(resource) || isOwnPage(resource.url, remote.site)) found.circular += 1;
      else hosts.add(hostOf(resource.url));
    }
  };
  try {
    const { client, site, version } = remote;
    const { filters } = options;
    const includePrivate = !client.isAnonymous && config.publicCopiesUrl === null;
    const matching = new MatchingDatasets(client, filters, includePrivate);
    for await (const datasets of matching.pages()) {
      datasets.forEach(count);
      surroundings.progress({ kind: 'listing', read: found.datasets, count: matching.count });
    }
    hosts.delete('');
    const { datasets, resources, circular } = found;
    const counts: Record<string, number> = circular > 0 ? { circular } : {};
    const nothing = { copies: 0, bytes: 0, requests: 0, apiRequests: apiRequests() };
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    const problem = matching.isComplete ? null : `The portal ${site} lists fewer datasets than it says that it has.`;
    const summary = { site, version, datasets, resources, counts, ...nothing, seconds, hosts: hosts.size };
    return { problem, summary };
  } finally {
    await close();
  }
}
