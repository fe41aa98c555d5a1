import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';

/**
 * Fetch and stage, wherever it runs (this thread or a worker thread of the pool). The bytes never pass through the
 * caller: `retrieve` leaves them staged where they were read, `keep` and `discard` go to the same place.
 */
export interface Retriever {
  /** Never throws for what a server did; throws `ArchiverError` when the store or a thread does not work. */
  retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt>;
  commit(stage: StageRef): Promise<'committed' | 'exists'>;
  discard(stage: StageRef): Promise<void>;
  close(): Promise<void>;
}
