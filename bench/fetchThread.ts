import { parentPort, workerData } from 'node:worker_threads';
import { Agents } from '../plugin/fetch/connect/agents.ts';
import { Fetcher } from '../plugin/fetch/fetcher.ts';
import { LocalRetriever } from '../plugin/fetch/retrieve/localRetriever.ts';
import { serveRetriever } from '../plugin/fetch/retrieve/threadServer.ts';
import { loadConfig } from '../plugin/settings/loadConfig.ts';
import { FolderStore } from '../plugin/store/folderStore.ts';

// A fetch thread as the plugin starts one a core, but for its store: curl does not wait for the disk either.
const config = {
  ...loadConfig({ environment: {} }),
  allowNetworks: [{ cidr: '127.0.0.0/8', port: null }],
  maxBytes: 8192 * 1024 * 1024,
  totalTimeoutMs: 600_000,
  verifyShare: 0,
};
const { folder } = workerData as { readonly folder: string };
const store = new FolderStore({ folder, durable: false });
await store.open();
if (parentPort)
  serveRetriever(parentPort, new LocalRetriever(new Fetcher(config, { agents: new Agents(config) }), store));
