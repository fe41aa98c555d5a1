import type { Known } from './attempt.ts';
import type { Code } from './status.ts';

/** `priority`: somebody waits for it. `bulk`: the work of a sweep. */
export type Lane = 'priority' | 'bulk';

/** An outcome that is believed: a success, what we chose or could not do, or a link that failed often enough in a row. */
export interface Confirmed {
  readonly code: Code;
  /** A sentence for people. */
  readonly reason: string;
  /** true: the link is broken; false: it works; null: unsure. */
  readonly broken: boolean | null;
  /** ISO 8601: it lies in JSON. */
  readonly at: string;
}

/** The latest state of one resource: status, validators, counters, when to look again. One row a resource. */
export interface Archival {
  readonly resourceId: string;
  readonly datasetId: string;
  /** The URL last asked for. */
  readonly url: string;
  /** Host the politeness limits count for: lower-case `host` or `host:port`; `''` when the URL has none. */
  readonly host: string;
  /** null until the first attempt ended. */
  readonly code: Code | null;
  readonly reason: string | null;
  /** What the last attempt showed by itself; whether the link is broken is `isBroken`. */
  readonly broken: boolean | null;
  /** What is confirmed, as of `checkedAt`; read it through `confirmedOf`. */
  readonly confirmed: Confirmed | null;
  /** Attempts made for the current request or check, 0 to 4. */
  readonly attempts: number;
  /** Failures in a row, over requests (not over the retries of one). */
  readonly failureCount: number;
  /** Those of them that were the link's, not ours: as many as `confirmFailures` make it broken. */
  readonly linkFailureCount: number;
  readonly firstFailureAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly checkedAt: Date | null;
  readonly nextCheckAt: Date | null;
  readonly freshUntil: Date | null;
  /** Successive checks that found nothing new; makes the next check rarer. */
  readonly unchangedCount: number;
  readonly changedCount: number;
  readonly known: Known | null;
  readonly finalUrl: string | null;
  readonly moved: boolean;
  readonly copyId: string | null;
  readonly lane: Lane;
  /** Counted up by each request; when above `doneSeq` somebody waits for a run that has not happened. */
  readonly requestSeq: number;
  readonly doneSeq: number;
  readonly runIds: readonly string[];
}

/** The right, for a while, to work on one resource; nobody else may record while it holds. */
export interface Lease {
  readonly resourceId: string;
  readonly owner: string;
  /** Fencing token: a later lease of the same resource has a larger one. */
  readonly token: number;
  /** What was asked for when the lease was taken; a later request means one more run. */
  readonly requestSeq: number;
  /** Timestamp for the key of a new copy: unique for this resource. */
  readonly keyAt: Date;
  /** Of earlier holders that ended without a record: bytes may lie under their keys that no row knows. */
  readonly abandonedKeyAts: readonly Date[];
  /** true: requested interactively or by a save, so that a request is made even when the copy is fresh. */
  readonly requested: boolean;
  /** The sweep that found it due; null or left out: none had begun when the lease was taken. */
  readonly sweepId?: string | null;
  readonly archival: Archival;
}

/** What one attempt, or one that a failure of ours stood in for, changes in the archival of its resource. */
export type ArchivalUpdate = Pick<
  Archival,
  | 'url'
  | 'host'
  | 'code'
  | 'reason'
  | 'broken'
  | 'confirmed'
  | 'attempts'
  | 'failureCount'
  | 'linkFailureCount'
  | 'firstFailureAt'
  | 'lastSuccessAt'
  | 'checkedAt'
  | 'nextCheckAt'
  | 'freshUntil'
  | 'unchangedCount'
  | 'changedCount'
  | 'known'
  | 'finalUrl'
  | 'moved'
>;

/** Which resource is to be archived, and the host that its URL counts for. */
export type ArchivalRequest = Pick<Archival, 'resourceId' | 'datasetId' | 'url' | 'host'>;
