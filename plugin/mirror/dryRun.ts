import { isDerived, isOwnPage } from '../decide/circular.ts';
import { hostOf } from '../decide/hostOf.ts';
import type { ActionClient } from '../portal/ckan/actionClient.ts';
import { activeOf, MatchingDatasets } from '../portal/ckan/matchingDatasets.ts';
import { NamedListing, pagesInstead } from '../portal/ckan/namedListing.ts';
import type { RemoteDataset } from '../portal/ckan/remoteDataset.ts';
import type { MirrorOptions, MirrorResult, MirrorSurroundings } from './MirrorOptions.ts';
import { openRemote } from './openMirror.ts';

/** What a listing held, and how many datasets it should have held. */
interface Found {
  readonly datasets: number;
  readonly resources: number;
  /** Resources that would not be fetched: they lead back to the portal itself. */
  readonly circular: number;
  readonly hosts: number;
  readonly isComplete: boolean;
}

/**
 * Lists the portal and does nothing else: no folder, no database, no request to a publisher. Its summary counts what
 * would be there, and what is excluded already now.
 */
export async function dryRun(options: MirrorOptions, surroundings: MirrorSurroundings): Promise<MirrorResult> {
  const startedAt = performance.now();
  const { remote, config, apiRequests, close } = await openRemote(options, surroundings);
  try {
    const { client, site, version } = remote;
    const includePrivate = !client.isAnonymous && config.publicCopiesUrl === null;
    const found = await countListed(client, { options, surroundings, includePrivate });
    const { datasets, resources, circular, hosts, isComplete } = found;
    const counts: Record<string, number> = circular > 0 ? { circular } : {};
    const nothing = { copies: 0, bytes: 0, requests: 0, apiRequests: apiRequests() };
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    const problem = isComplete ? null : `The portal ${site} lists fewer datasets than it says that it has.`;
    return { problem, summary: { site, version, datasets, resources, counts, ...nothing, seconds, hosts } };
  } finally {
    await close();
  }
}

interface CountDeps {
  readonly options: MirrorOptions;
  readonly surroundings: MirrorSurroundings;
  readonly includePrivate: boolean;
}

/** By the search, and where that fails by names, from the beginning: what the search gave before it failed comes again. */
async function countListed(client: ActionClient, deps: CountDeps): Promise<Found> {
  const { options, surroundings, includePrivate } = deps;
  const { filters } = options;
  const matching = new MatchingDatasets(client, filters, includePrivate);
  try {
    return await countPages(matching.pages(), matching, client.site, surroundings);
  } catch (failure) {
    const named = new NamedListing(client);
    const pages = pagesInstead(failure, named, { filters, logger: surroundings.logger });
    return countPages(activePages(pages), named, client.site, surroundings);
  }
}

async function* activePages(pages: ReturnType<typeof pagesInstead>): AsyncGenerator<readonly RemoteDataset[]> {
  for await (const page of pages) yield activeOf(page);
}

async function countPages(
  pages: AsyncIterable<readonly RemoteDataset[]>,
  listing: Pick<MatchingDatasets, 'count' | 'isComplete'>,
  site: string,
  { progress }: MirrorSurroundings,
): Promise<Found> {
  const hosts = new Set<string>();
  const found = { datasets: 0, resources: 0, circular: 0 };
  for await (const page of pages) {
    found.datasets += page.length;
    for (const resource of page.flatMap(({ resources }) => resources)) {
      found.resources += 1;
      if (isDerived(resource) || isOwnPage(resource.url, site)) found.circular += 1;
      else hosts.add(hostOf(resource.url));
    }
    progress({ kind: 'listing', read: found.datasets, count: listing.count });
  }
  hosts.delete('');
  return { ...found, hosts: hosts.size, isComplete: listing.isComplete };
}
