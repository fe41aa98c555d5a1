import type { Copy } from '../model/copy.ts';
import type { Counted } from '../model/counter.ts';
import type { AttemptNote, DaySum, KeptChange, StateChange } from '../model/history.ts';

/** What one record adds to the history of its resource. */
export interface HistoryRecord {
  readonly resourceId: string;
  readonly host: string;
  readonly changes: readonly StateChange[];
  /** null: nobody was asked. */
  readonly attempt: AttemptNote | null;
}

/** Sums over the whole archive. */
export interface ArchiveTotals {
  readonly copies: number;
  /** Of those copies. */
  readonly bytes: number;
  /** Hosts that asked for a pause, or get one because they are slow. */
  readonly hostsPaused: number;
  /** Hosts to which no connection could be made for a while. */
  readonly hostsDead: number;
}

/** A version that was stored, and the one that it took the place of. */
export interface NewVersion {
  /** That of the change. */
  readonly id: string;
  readonly at: Date;
  readonly resourceId: string;
  readonly datasetId: string;
  readonly version: VersionHead;
  /** null: it is the first, or the one before is no longer kept. */
  readonly previous: VersionHead | null;
}

/** What tells two versions apart. */
export type VersionHead = Pick<Copy, 'key' | 'bytes' | 'sha256' | 'filename' | 'format'>;

/** How resources came to be as they are. Written with the record of each attempt. */
export interface Histories {
  /** Changes of state of one resource, the newest first, older than the change with the id `after`. */
  changesOf(
    resourceId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly KeptChange[]>;
  /** Versions that were stored, the newest first, in one dataset or (null) in all, older than the change `after`. */
  newVersions(page: {
    readonly datasetId: string | null;
    readonly after: string | null;
    readonly limit: number;
  }): Promise<readonly NewVersion[]>;
  /** The newest attempts of a resource that made a request, at most 20, the newest first. */
  attemptsOf(resourceId: string): Promise<readonly AttemptNote[]>;
  /** By resource, its newest attempt that made a request; those that have none are left out. */
  newestAttempts(resourceIds: readonly string[]): Promise<ReadonlyMap<string, AttemptNote>>;
  /** By day, the oldest first, since `since`; `host`: at that host; null: at all. */
  daySums(host: string | null, since: Date): Promise<readonly DaySum[]>;
  /** What all workers have counted for metrics. */
  counters(): Promise<readonly Counted[]>;
  /** What is kept, and hosts that nobody asks for now. Reads every copy's row: not more often than every minute. */
  totals(): Promise<ArchiveTotals>;
  /** Drops the days of single hosts before that moment; those of all hosts together stay. Answers how many rows went. */
  dropHostDaysBefore(moment: Date): Promise<number>;
}
