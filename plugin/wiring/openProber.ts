import { Fetcher } from '../fetch/fetcher.ts';
import type { Attempt, FetchRequest } from '../model/attempt.ts';
import type { Config } from '../settings/Config.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import { openAgents } from './openAgents.ts';

/** Where the bytes of a probe go; null: nowhere. */
export type ProbeStages = Pick<ArchiveStore, 'stage' | 'stageWhole'> | null;

/** Single attempts, any number concurrently, without a database, a queue or a store. */
export interface Prober {
  probe(request: FetchRequest, stages: ProbeStages, signal: AbortSignal): Promise<Attempt>;
  close(): Promise<void>;
}

/** A prober with connections of its own; to be closed by the caller. */
export function openProber(config: Config): Prober {
  const fetcher = new Fetcher(config, { agents: openAgents(config) });
  return {
    probe: (request, stages, signal) => fetcher.fetch(request, stages, signal),
    close: () => fetcher.close(),
  };
}
