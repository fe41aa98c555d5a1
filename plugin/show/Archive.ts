import type { ResourceBlock } from '../decide/ckan/archiverBlock.ts';
import type { MailDigest, MailReport } from '../mail/Digest.ts';
import type { Copy } from '../model/copy.ts';
import type { HostLimits } from '../model/host.ts';
import type { LaneState, PlaceHolder } from '../model/laneState.ts';
import type { Run } from '../model/run.ts';
import type { Code } from '../model/status.ts';
import type { HostStatus } from '../record/Hosts.ts';
import type { MailState } from '../record/Mails.ts';
import type { KnownTaskStatus as TaskStatusRow } from '../record/TaskStatuses.ts';
import type { Requester, RequestResult } from '../trigger/Requests.ts';
import type { SweepReport } from '../trigger/SweepReport.ts';
import type { AttemptTotals } from '../work/attemptTally.ts';
import type { RecoveredCopies } from '../work/recoverCopies.ts';
import type { Relocation } from '../work/relocateCopies.ts';
import type { ArchiveReports } from './ArchiveReports.ts';
import type { ConfirmedOutcome, LastAttempt } from './lastAttempt.ts';

/**
 * What a portal may ask the archive and ask of it, in its own process; the routes are the same for others. Looking
 * changes nothing. Each method throws `ArchiverError`: `not-started` before `start()` and after `stop()`,
 * `database-failed` when PostgreSQL does not answer.
 */
export interface Archive {
  /** How these resources stand, in no order; those that were never asked for are left out. */
  status(resourceIds: readonly string[]): Promise<readonly ResourceStatus[]>;
  /** What CKAN's archiver adds to these resources in `package_show`, by id; without those of which no attempt has ended. */
  archiverBlocks(resourceIds: readonly string[]): Promise<ReadonlyMap<string, ResourceBlock>>;
  /** By resource, the newest copy first; a resource that has none is left out. */
  copies(resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Copy[]>>;
  /** CKAN's row, by its own id or by its resource; null when there is none. */
  taskStatus(of: { readonly id: string } | { readonly resourceId: string }): Promise<TaskStatusRow | null>;
  /** How the archive stands as a whole. Reads every row: for a person, not for a poll. */
  overview(): Promise<ArchiveOverview>;
  /** Archives a resource, with priority. `by` counts for an Idempotency-Key alone. */
  requestResource(id: string, by?: Requester): Promise<RequestResult>;
  /** Archives each resource of a dataset, with priority. */
  requestDataset(idOrName: string, by?: Requester): Promise<RequestResult>;
  /** Archives everything, in the bulk lane. */
  requestAll(by?: Requester): Promise<RequestResult>;
  /** Looks for what is missing, changed or due, as the schedule does; a dry run only counts. */
  sweep(options: { readonly dryRun: boolean }): Promise<SweepReport>;
  /**
   * Rewrites the addresses of copies that the portal holds below an earlier address of its own or of the public place; a dry
   * run only counts. Can be broken off and run again.
   */
  relocate(options: { readonly dryRun: boolean }): Promise<Relocation>;
  /** What this process has asked and kept since it started. */
  totals(): AttemptTotals;
  /**
   * Makes the store this database's own, after a restore or a move: from now on no other one removes copies from it. Records the
   * copies in it that no record names; reads all of the store's keys.
   */
  adoptStore(): Promise<RecoveredCopies>;
  readonly runs: ArchiveRuns;
  readonly hosts: ArchiveHosts;
  /** Which links are broken, and how organisations and hosts stand. */
  readonly reports: ArchiveReports;
  readonly mail: ArchiveMail;
}

/**
 * Mail to maintainers. Each method throws `ArchiverError('settings-invalid')` where `ARCHIVER_MAIL_SMTP_URL` and `ARCHIVER_MAIL_FROM` are
 * not set.
 */
export interface ArchiveMail {
  /** Everybody whom there is something to tell of their links, and whether they are told now. Sends nothing. */
  due(): Promise<readonly MailDigest[]>;
  /** Sends what is due, as the schedule does; nothing while another process does so. */
  send(): Promise<MailReport>;
}

/** What one request or one sweep started. */
export interface ArchiveRuns {
  get(id: string): Promise<Run | null>;
  /** The newest first. */
  list(limit: number): Promise<readonly Run[]>;
  /** Resources that nobody works on yet are not archived for it. Answers the run as it is then, null when there is none. */
  cancel(id: string): Promise<Run | null>;
}

/** Publishers' hosts, as `host` or `host:port`. */
export interface ArchiveHosts {
  /** First those that are left alone for now, then those with limits of their own, then by name. */
  list(limit: number): Promise<readonly HostStatus[]>;
  /** null: it was never asked and nobody set limits for it. */
  get(host: string): Promise<HostStatus | null>;
  /** Beats the settings from the next request on; null: the settings hold again. */
  setLimits(host: string, limits: Partial<HostLimits> | null): Promise<void>;
}

/** How the archival of one resource stands. */
export interface ResourceStatus {
  readonly resourceId: string;
  readonly datasetId: string;
  /** The URL that was asked for last; the portal may have another by now. */
  readonly url: string;
  /** How the last attempt ended; null: none has. */
  readonly code: Code | null;
  /** CKAN's name for `code`. */
  readonly status: string | null;
  /** A sentence for people. */
  readonly reason: string | null;
  /** Confirmed by `confirmFailures` failures in a row; false: it works; null: unsure, or not confirmed yet. */
  readonly broken: boolean | null;
  /** What was just seen; null: no attempt has ended. */
  readonly lastAttempt: LastAttempt | null;
  /**
   * What clients of CKAN's archiver are told, who know no difference between seen and confirmed: while a failure of the link is
   * not confirmed, the outcome before it. null: nothing is confirmed yet.
   */
  readonly confirmed: ConfirmedOutcome | null;
  /** Asked for and not answered yet: it waits, is fetched, or is tried again. */
  readonly pending: boolean;
  /** Attempts since it was last asked for. */
  readonly attempts: number;
  /** Requests in a row that failed. */
  readonly failureCount: number;
  readonly firstFailureAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly checkedAt: Date | null;
  readonly nextCheckAt: Date | null;
  /** Where redirects led to. */
  readonly finalUrl: string | null;
  /** Every redirect was permanent: the link should be changed to `finalUrl`. */
  readonly moved: boolean;
}

/** How the archive stands as a whole. */
export interface ArchiveOverview {
  /** Resources by how they ended; `code` is null for those that have not. */
  readonly counts: readonly {
    readonly code: Code | null;
    /** As of a resource: confirmed. */
    readonly broken: boolean | null;
    readonly count: number;
  }[];
  /** What waits to be archived; `due` counts to 100,000. */
  readonly backlog: {
    readonly due: number;
    readonly oldestDueAt: Date | null;
    readonly leased: number;
    readonly lastSuccessAt: Date | null;
  };
  /** Saves that the hooks reported and no job was made of yet. */
  readonly saves: { readonly count: number; readonly oldestAt: Date | null };
  /** Whether the lanes move. */
  readonly lanes: readonly LaneState[];
  /** Who has places at hosts now, the one with most of them first; at most ten. */
  readonly heldBy: readonly PlaceHolder[];
  /** Workers whose bulk lane pauses, and why. */
  readonly pauses: readonly { readonly owner: string; readonly reason: string }[];
  /** What `cache_url` of some resources may still begin with: `relocate` was not run since the address changed. */
  readonly earlierAddresses: readonly string[];
  /** Why no copy is removed from the store, as a sentence; null: it belongs to this database alone. */
  readonly storeConflict: string | null;
  /** Whether the mail server takes mail; null: it was never looked for mail to send. */
  readonly mail: MailState | null;
}
