import type { Archival, ArchivalRequest, ArchivalUpdate, Lane, Lease } from '../model/archival.ts';
import type { Known } from '../model/attempt.ts';
import type { Copy } from '../model/copy.ts';
import type { SeenMove } from '../model/proposal.ts';
import type { Code } from '../model/status.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { DeliveriesOf, NewDelivery } from './Deliveries.ts';
import type { HistoryRecord } from './Histories.ts';
import type { LandingRecord } from './Landings.ts';
import type { TaskStatus } from './TaskStatuses.ts';

/** What the end of one attempt writes; every part in one transaction. */
export interface ArchivalRecord {
  readonly lease: Lease;
  readonly archival: ArchivalUpdate;
  readonly datasetId: string;
  /** A copy whose bytes are already kept in the store. */
  readonly copy: Omit<Copy, 'id'> | null;
  /** What was found behind a page; left out where there is nothing to write. */
  readonly landing?: LandingRecord | null;
  /** What the attempt adds to the history of its resource; left out where there is nothing to add. */
  readonly history?: HistoryRecord | undefined;
  /** Where the link was seen to lead for good; left out or null: nothing new is known of that. */
  readonly move?: SeenMove | null;
  readonly writeBack: WriteBack | null;
  readonly taskStatus: TaskStatus;
  /** Webhook messages of what happened; they commit with it. */
  readonly deliveries: readonly NewDelivery[];
  /** true: the request is answered; runs count it. false: a retry follows, the lease is given back. */
  readonly settled: boolean;
}

/** What became of one record. */
export interface Recorded {
  readonly resourceId: string;
  /** `lease-lost`: somebody else holds the resource now; nothing was written for it. */
  readonly result: 'recorded' | 'lease-lost';
  /** true: a request came in while the job ran; one more run is due. */
  readonly wantedAgain: boolean;
  /** Runs that ended with this record. */
  readonly endedRunIds: readonly string[];
}

/**
 * A due resource that is fresh by what was recorded of it, with nothing else to be done about it. Nobody holds it: it was so when
 * it was looked at.
 */
export interface FreshResource
  extends Pick<Archival, 'resourceId' | 'url' | 'code' | 'unchangedCount' | 'copyId' | 'requestSeq'> {
  readonly known: Known;
  /** Of the newest lease; null: there was none. */
  readonly token: number | null;
  /** The sweep that found it due; null: none had begun. */
  readonly sweepId: string | null;
}

/** What a look at the due resources of one host found. */
export interface DueAndFresh {
  /** How many were looked at. */
  readonly due: number;
  readonly fresh: readonly FreshResource[];
}

/** When a resource that is still fresh is looked at again. */
export interface FreshAdvance {
  readonly fresh: FreshResource;
  /** Its dataset by now. */
  readonly datasetId: string;
  readonly freshUntil: Date;
  readonly nextCheckAt: Date;
}

/** A request that waits for a place at its host. */
export interface WaitingRequest {
  readonly resourceId: string;
  readonly datasetId: string;
}

/** So many due resources of a host, at most. */
export interface HostShare {
  readonly host: string;
  readonly limit: number;
}

/** A resource whose row is gone. */
export type Forgotten = Pick<Archival, 'resourceId' | 'datasetId' | 'runIds'>;

/** What asking for some resources would cost. */
export interface SweepCost {
  /** At least one for each URL. */
  readonly requests: number;
  /** By the sizes known: what was never archived counts nothing, what has not changed may cost nothing. */
  readonly bytes: number;
  readonly hosts: number;
}

/** The latest state of each resource, the requests for it and the leases on it. */
export interface Archivals {
  get(resourceId: string): Promise<Archival | null>;
  getMany(resourceIds: readonly string[]): Promise<readonly Archival[]>;
  listByDataset(datasetId: string): Promise<readonly Archival[]>;
  /**
   * Requests these archivals: inserts or updates rows, counts `requestSeq` up, adds `runId`, sets `nextCheckAt` to
   * now, writes task_status `pending`. A priority request lifts a bulk row; never the other way round. One statement set
   * for any number of rows. Answers the resources that need a new job: those for which none waits or runs already.
   */
  request(
    requests: readonly ArchivalRequest[],
    how: { readonly lane: Lane; readonly runId: string | null; readonly now: Date },
    deliveriesOf?: DeliveriesOf<readonly string[]>,
  ): Promise<readonly string[]>;
  /**
   * null when another holds it, or when nothing is wanted (`doneSeq = requestSeq`). Sets task_status `running`. An
   * expired lease of another owner is taken over, its key among `abandonedKeyAts`.
   */
  lease(
    resourceId: string,
    by: { readonly owner: string; readonly leaseMs: number; readonly now: Date },
  ): Promise<Lease | null>;
  /**
   * Up to `limit` due resources of one host in the bulk lane, longest due first, leased in one statement, and beyond the
   * limit all other due resources that share a URL with one of them.
   */
  leaseDue(
    host: string,
    by: { readonly owner: string; readonly leaseMs: number; readonly now: Date; readonly limit: number },
  ): Promise<readonly Lease[]>;
  /** The same of several hosts in one statement, each with its own limit; by host, without those of which nothing is due. */
  leaseDueOf(
    shares: readonly HostShare[],
    by: { readonly owner: string; readonly leaseMs: number; readonly now: Date },
  ): Promise<ReadonlyMap<string, readonly Lease[]>>;
  /** Extends those still owned; answers the resource ids that are. */
  renew(leases: readonly Lease[], by: { readonly leaseMs: number; readonly now: Date }): Promise<ReadonlySet<string>>;
  /** Gives back without a record; the resource is due again immediately. */
  release(leases: readonly Lease[]): Promise<void>;
  /**
   * A wanted resource that waits until then: its job has not been lost. `reason`: a sentence for its task_status; left out,
   * that stays as it is.
   */
  postpone(resourceId: string, until: Date, reason?: string): Promise<void>;
  /** What they wait for, as a sentence in their task_status, which is `pending` then. */
  explain(resourceIds: readonly string[], reason: string): Promise<void>;
  /** The same of those of a host whose turn in the bulk lane it is, at most `limit`: a sweep may find millions. */
  explainDue(host: string, how: { readonly reason: string; readonly now: Date; readonly limit: number }): Promise<void>;
  /**
   * Requests that were postponed for a reason that begins so are due now; answers whose. What waits for a publisher's sake
   * goes on waiting.
   */
  resume(reasonPrefix: string, now: Date): Promise<readonly string[]>;
  /** Gives back without a record, not to be tried before then; `reason` is for its task_status. */
  defer(lease: Lease, until: Date, reason: string): Promise<void>;
  /**
   * Gives each of these requests its turn among those of all datasets, or tells the one that it has: those of one dataset
   * stand a second apart. Answers those that are wanted, later ones where their host has a crowd already.
   */
  turns(resourceIds: readonly string[], now: Date): Promise<ReadonlyMap<string, Date>>;
  /** It waits for a place at its host until then, unless `nextWaiting` finds it before. Nothing happens to a leased one. */
  park(resourceId: string, until: Date): Promise<void>;
  /** The request at this host whose turn comes first, of those that are due or parked; null: none. */
  nextWaiting(host: string, by: { readonly now: Date }): Promise<WaitingRequest | null>;
  /** The same of several hosts; by host, without those for which nobody waits. */
  nextWaitingOf(hosts: readonly string[], by: { readonly now: Date }): Promise<ReadonlyMap<string, WaitingRequest>>;
  /** Bytes of this time wait in the store: the next check, which is due now, compares with them. false: no row, or leased. */
  reopen(resourceId: string, keyAt: Date, now: Date): Promise<boolean>;
  /**
   * Of a lease that was lost, whose bytes lie in the store: true: one that was or will be taken after it looks for them, now or at the
   * next check, and they must stay. false: nobody looks for them any more.
   */
  keepOpen(lease: Lease): Promise<boolean>;
  /**
   * The key that was kept open, where the worker that took the resource over has recorded since: `let-go`, and nobody looks for it any more.
   * `leased`: that one is under way. `open`: it gave the resource back, and the next lease looks.
   */
  letGo(lease: Lease): Promise<'let-go' | 'leased' | 'open'>;
  /** When the next retry of a sweep at this host is due; null when none waits. */
  nextRetryAt(host: string): Promise<Date | null>;
  /** The same of several hosts. */
  nextRetries(hosts: readonly string[]): Promise<ReadonlyMap<string, Date | null>>;
  /** Hosts of the bulk lane with resources whose worker died. */
  hostsWithExpiredLeases(limit: number): Promise<readonly string[]>;
  /** All in one transaction; leases checked by fencing token; own-table rows, host's columns, task_status, runs. */
  record(outcomes: readonly ArchivalRecord[]): Promise<readonly Recorded[]>;
  /**
   * Looks at the first `limit` due resources of each of these hosts in the bulk lane that nobody holds, in one statement. Whether
   * those that are fresh by what was recorded need not be asked for is for the caller to decide.
   */
  dueAndFreshOf(
    hosts: readonly string[],
    by: { readonly now: Date; readonly limit: number },
  ): Promise<ReadonlyMap<string, DueAndFresh>>;
  /**
   * Records that these are `still-fresh` at `now`, of those of one sweep with one statement and without a lease, and with it the
   * messages of `deliveriesOf`. What somebody took, wanted or advanced since it was looked at is left as it is, and is not among
   * the answer.
   */
  advance(
    advances: readonly FreshAdvance[],
    how: { readonly now: Date; readonly deliveriesOf?: DeliveriesOf<readonly FreshAdvance[]> | undefined },
  ): Promise<readonly FreshAdvance[]>;
  /** Hosts with due resources in the bulk lane, the longest waiting first. */
  dueHosts(now: Date, limit: number): Promise<readonly { readonly host: string; readonly dueAt: Date }[]>;
  /** Hosts with something in the lane that nobody works on although its time has come, the longest waiting first. */
  waitingHosts(
    lane: Lane,
    by: { readonly now: Date; readonly limit: number },
  ): Promise<readonly { readonly host: string; readonly since: Date }[]>;
  /** Priority rows wanted but neither leased nor touched for `idleMs`: their job was lost. */
  lostRequests(now: Date, idleMs: number, limit: number): Promise<readonly string[]>;
  /** For health, status and metrics, in milliseconds however much is due. */
  backlog(now: Date): Promise<{
    /** Counted up to 100,000. */
    readonly due: number;
    readonly oldestDueAt: Date | null;
    readonly leased: number;
    readonly lastSuccessAt: Date | null;
  }>;
  /** What it would cost to ask for what is due, and for everything. Reads all rows: for a dry run, not for a poll. */
  cost(now: Date): Promise<{ readonly due: SweepCost; readonly all: SweepCost }>;
  /** Of these, the ids of resources that have no row or another URL. For the reconciling sweep. */
  differing(resources: readonly { readonly id: string; readonly url: string }[]): Promise<ReadonlySet<string>>;
  /**
   * The resource left the portal: its row and task_status go, its copies stay (policy `keep`) or are listed for removal.
   * Answers those that had a row.
   */
  forget(
    resourceIds: readonly string[],
    deliveriesOf?: DeliveriesOf<readonly Forgotten[]>,
  ): Promise<readonly Forgotten[]>;
  /** Resources whose last attempt failed on our side. Served by an index, for health asks every few seconds. */
  ownFaults(): Promise<{ readonly hostRefused: number; readonly internal: number; readonly storeRefused: number }>;
  /** All that ended with this code are due now. */
  makeDue(code: Code, now: Date): Promise<void>;
  /** Counts per code, plus totals; for the report and a dry run. */
  countByCode(
    confirmFailures: number,
  ): Promise<readonly { readonly code: Code | null; readonly broken: boolean | null; readonly count: number }[]>;
}
