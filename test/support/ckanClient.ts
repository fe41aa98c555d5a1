import { Agents } from '../../plugin/fetch/connect/agents.ts';
import { guardedRequest } from '../../plugin/fetch/guardedRequest.ts';
import type { ActionClientDeps } from '../../plugin/portal/ckan/actionClient.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';

export interface ClientSurroundings extends Omit<ActionClientDeps, 'site'> {
  /** How long the client wanted to wait; it did not. */
  readonly waits: number[];
  close(): Promise<void>;
}

/** What an `ActionClient` needs, on real connections through the address guard, which lets loopback pass. */
export function clientSurroundings(more: Partial<ActionClientDeps> = {}, allowed = '127.0.0.0/8'): ClientSurroundings {
  const agents = new Agents(loadConfig({ environment: { ARCHIVER_ALLOW_NETWORKS: allowed } }));
  const waits: number[] = [];
  const silent = () => undefined;
  return {
    token: null,
    userAgent: 'portal-archiver/test',
    exchange: (request) => guardedRequest(agents, request),
    wait: async (ms) => void waits.push(ms),
    signal: new AbortController().signal,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    waits,
    close: () => agents.close(),
    ...more,
  };
}
