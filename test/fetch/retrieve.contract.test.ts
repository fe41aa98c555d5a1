import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { LocalRetriever } from '../../plugin/fetch/retrieve/localRetriever.ts';
import type { Retriever } from '../../plugin/fetch/retrieve/Retriever.ts';
import { RetrieverPool } from '../../plugin/fetch/retrieve/retrieverPool.ts';
import { SharedRetriever } from '../../plugin/fetch/retrieve/sharedRetriever.ts';
import { ThreadRetriever } from '../../plugin/fetch/retrieve/threadRetriever.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { type RetrieverUnderTest, retrieverContract } from '../../plugin/testing/retrieverContract.ts';
import { testFetcher } from '../support/fetching.ts';
import { until } from '../support/until.ts';

const ENTRY = new URL('../support/fetchThread.ts', import.meta.url);
/** Every thread that this process has started and that lives. */
const threads = new Set<Worker>();
process.on('worker', (worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

/** A message that no thread of ours expects is an exception nobody catches: the thread dies of it. */
async function killThreads(): Promise<void> {
  await until(() => threads.size > 0);
  const ends = [...threads].map((thread) => new Promise<void>((resolve) => thread.once('exit', () => resolve())));
  for (const thread of threads) thread.postMessage(null);
  await Promise.all(ends);
}

interface Opened {
  readonly retriever: Retriever;
  /** What the retriever works with and leaves open. */
  readonly inner?: Retriever;
}

function contract(name: string, create: (store: FolderStore, folder: string) => Opened): void {
  retrieverContract({
    name,
    open: async (): Promise<RetrieverUnderTest> => {
      const folder = await mkdtemp(join(tmpdir(), 'archiver-retriever-'));
      const store = new FolderStore({ folder, durable: false });
      await store.open();
      const { retriever, inner } = create(store, folder);
      const close = async () => {
        await inner?.close();
        await rm(folder, { recursive: true, force: true });
      };
      return { retriever, killThreads, close };
    },
  });
}

const thread = (folder: string) => new ThreadRetriever(ENTRY, { folder });

contract('LocalRetriever', (store) => ({ retriever: new LocalRetriever(testFetcher(), store) }));
contract('ThreadRetriever', (_store, folder) => ({ retriever: thread(folder) }));
contract('RetrieverPool', (_store, folder) => ({ retriever: new RetrieverPool([thread(folder), thread(folder)]) }));
contract('SharedRetriever', (store) => {
  const inner = new LocalRetriever(testFetcher(), store);
  return { retriever: new SharedRetriever(inner, store), inner };
});
