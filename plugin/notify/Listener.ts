import type { EventName } from '../model/event.ts';
import type { Code } from '../model/status.ts';

/** Told after our commit. `resourceId` is null for `archive.dataset` (a dataset's run ended). */
export interface ArchiveEvent {
  readonly id: string;
  readonly name: EventName;
  readonly at: Date;
  readonly queue: string;
  readonly datasetId: string | null;
  readonly resourceId: string | null;
  readonly runId: string | null;
  readonly code: Code | null;
  readonly status: string | null;
  readonly reason: string | null;
  readonly cacheUrl: string | null;
}

/** May throw or never answer: nothing is lost by it, and nobody waits for it longer than a few seconds. */
export type Listener = (event: ArchiveEvent) => void | Promise<void>;
