import type { Readable } from 'node:stream';
import type { StageRef } from '../model/stage.ts';

/** A body on its way in. Every chunk is written before the promise resolves or is held in bounded memory. */
export interface Stage {
  /** Does not keep `chunk` after the promise resolved; the caller may reuse its memory. */
  write(chunk: Uint8Array): Promise<void>;
  /** The body is complete: makes the bytes durable and answers the name to commit or discard them by. */
  finish(): Promise<StageRef>;
  /** Leaves nothing. Idempotent; safe in any state, also after a failed write. */
  abandon(): Promise<void>;
}

/** What a stage will be. */
export interface StageAbout {
  readonly mediaType: string | null;
  /** Of a private dataset: counts where a store keeps such copies apart. */
  readonly isPrivate?: boolean;
}

/** A part of a copy; both ends count from 0. */
export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** A copy, or a part of it, on its way out. */
export interface StoredBytes {
  /** Of the whole copy, also where a part was asked for. */
  readonly bytes: number;
  readonly stream: Readable;
}

/**
 * Where copies are kept. Bytes are invisible until `commit`, a key is never written twice, and an abandoned stage
 * leaves nothing. Every method throws `ArchiverError('store-failed')` when the service behind it does not work.
 */
export interface ArchiveStore {
  /** As the setting `store` names it. */
  readonly name: string;
  /** Where the copies lie, for people who look for them: folders, containers, buckets, without secrets. */
  readonly places?: readonly string[];
  /** Checks that the store can be written to; creates a folder or container, but no bucket, whose name the world shares. Called once in `start()`. */
  open(): Promise<void>;
  /** `mediaType` is kept beside the bytes where the store has a place for it. */
  stage(key: string, about: StageAbout): Promise<Stage>;
  /** A whole small body in one step: same result as stage → write → finish, with the fewest operations. */
  stageWhole(key: string, body: Uint8Array, about: StageAbout): Promise<StageRef>;
  /** Makes the staged bytes visible under their key; `exists` (and nothing written) when the key is taken. */
  commit(stage: StageRef): Promise<'committed' | 'exists'>;
  /** Idempotent. */
  discard(stage: StageRef): Promise<void>;
  /** null when there is no such key. The stream is destroyed by the caller when it stops early. */
  read(key: string, range: ByteRange | null): Promise<StoredBytes | null>;
  /** null when there is no such key. */
  size(key: string): Promise<number | null>;
  /**
   * Those of the keys that are there. Optional: a store that answers many with fewer questions saves a sweep the rest; without it
   * each is asked by `size`, a few at the same time. What is missing in the answer counts as lost.
   */
  hasMany?(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Keys below `prefix`, which ends with `/`. */
  list(prefix: string): AsyncIterable<string>;
  /** For uninstalling, deletion policy and recovery alone. Idempotent. */
  remove(key: string): Promise<void>;
  /** Drops stages that no living process can still own. Answers how many. */
  dropStages(olderThanMs: number): Promise<number>;
  /**
   * Whether it takes bytes now, tried where they would go and without leaving any. Left out where a stage that is written
   * and discarded shows it.
   */
  probe?(): Promise<void>;
  /** Bytes free for new copies; null when the store has no bound. */
  freeBytes(): Promise<number | null>;
  /**
   * What `writeMark` wrote last: a short text beside the copies, not among them. One for each place that has one; none where
   * nothing was written yet. Left out together with `writeMark`: then nobody notices two databases on one store.
   */
  readMarks?(): Promise<readonly string[]>;
  /** In each place; takes the place of what was written before. */
  writeMark?(text: string): Promise<void>;
  /** For uninstalling: nothing was written. Idempotent. Left out where the mark stays. */
  dropMark?(): Promise<void>;
  close(): Promise<void>;
}
