import { Agents } from '../fetch/connect/agents.ts';
import { Fetcher } from '../fetch/fetcher.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import { type Config, proxyVariables } from '../settings/loadConfig.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** Where the bytes of a probe go; null: nowhere. */
export type ProbeStages = Pick<ArchiveStore, 'stage' | 'stageWhole'> | null;

/** One attempt at a time or many at once, without a database, a queue or a store. */
export interface Prober {
  probe(request: FetchRequest, stages: ProbeStages, signal: AbortSignal): Promise<Attempt>;
  close(): Promise<void>;
}

export function openProber(config: Config): Prober {
  const agents = new Agents(config, { environment: proxyVariables() });
  const fetcher = new Fetcher(config, { agents });
  return {
    probe: (request, stages, signal) => fetcher.fetch(request, stages, signal),
    close: () => fetcher.close(),
  };
}
