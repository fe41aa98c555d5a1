import type { ArchiveStore } from '../store/ArchiveStore.ts';

/** One empty place for copies, opened. */
export interface StoreUnderTest {
  readonly store: ArchiveStore;
  /** Another instance on the same place, as another thread or process has it. */
  readonly other: ArchiveStore;
  /** Names of what lies in the place beside committed copies, such as stages; empty when nothing does. */
  leftovers(): Promise<readonly string[]>;
  /** Closes both stores and removes the place. */
  close(): Promise<void>;
}

/** A name for the report, and how to open an empty place. */
export interface ArchiveStoreSubject {
  readonly name: string;
  /** The reason why the store cannot be tried here, such as a missing service; the suite is skipped with it. */
  readonly skip?: string | false;
  open(): Promise<StoreUnderTest>;
}
