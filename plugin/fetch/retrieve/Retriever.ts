import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';

/**
 * Fetch and stage, wherever it runs (this thread or a worker thread of the pool). The bytes never pass through the
 * caller: `retrieve` leaves them staged where they were read, `commit` and `discard` go to the same place. What each
 * implementation must do is written down as a suite: `retrieverContract`.
 */
export interface Retriever {
  /**
   * Never throws for what a server did. Throws `ArchiverError`: `stopped` when `signal` aborts, or has aborted before the
   * call, or when the retriever is closed; `store-failed` or `thread-failed` when our own parts do not work, after which
   * the same request may be made again.
   */
  retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt>;
  /** Shows staged bytes under their key; `exists`: the key is taken, and the stage is still there to be discarded. */
  commit(stage: StageRef): Promise<'committed' | 'exists'>;
  discard(stage: StageRef): Promise<void>;
  /** From now on, also for what is under way: bodies that bring less over ten seconds are given up. 0: as the settings say. */
  setLeastSpeed?(bytesPerSecond: number): void;
  /** Idempotent. */
  close(): Promise<void>;
}
