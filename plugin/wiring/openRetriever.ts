import { availableParallelism } from 'node:os';
import { Fetcher } from '../fetch/fetcher.ts';
import { LocalRetriever } from '../fetch/retrieve/localRetriever.ts';
import type { Retriever } from '../fetch/retrieve/Retriever.ts';
import { RetrieverPool } from '../fetch/retrieve/retrieverPool.ts';
import { ThreadRetriever } from '../fetch/retrieve/threadRetriever.ts';
import type { HostPlaces } from '../model/hostPlaces.ts';
import type { Config } from '../settings/Config.ts';
import { openAgents } from './openAgents.ts';
import { createStore } from './openStore.ts';

/** Who asks; goes into the User-Agent. */
export interface Identity {
  readonly site: string;
}

/** What a fetch thread is started with. Plain data. */
export interface ThreadData {
  readonly config: Config;
  readonly identity: Identity;
}

/** Fetches and stages in the calling thread, with agents and a store of its own. */
export async function createLocalRetriever(
  config: Config,
  identity: Identity,
  places: HostPlaces | null = null,
): Promise<Retriever> {
  const store = await createStore(config);
  const agents = openAgents(config, (hostname, address) => places?.connected(hostname, address));
  return new LocalRetriever(new Fetcher(config, { agents, site: identity.site, places }), store);
}

/** One thread a core (setting `threads`); a thread is started by its first request. */
export function createThreadedRetriever(config: Config, identity: Identity, places: HostPlaces): Retriever {
  const entry = new URL(import.meta.url.endsWith('.ts') ? './fetchThread.ts' : './fetchThread.js', import.meta.url);
  const count = config.threads === 0 ? availableParallelism() : config.threads;
  const data: ThreadData = { config, identity };
  return new RetrieverPool(Array.from({ length: count }, () => new ThreadRetriever(entry, data, places)));
}
