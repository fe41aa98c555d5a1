import { parentPort, workerData } from 'node:worker_threads';
import { LocalRetriever } from '../../plugin/fetch/retrieve/localRetriever.ts';
import { serveRetriever } from '../../plugin/fetch/retrieve/threadServer.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { testFetcher } from './fetching.ts';

// A fetch thread as the plugin starts them, but with a fetcher that may reach this machine.
const { folder } = workerData as { readonly folder: string };
if (parentPort)
  serveRetriever(parentPort, new LocalRetriever(testFetcher(), new FolderStore({ folder, durable: false })));
