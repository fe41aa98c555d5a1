import type { Knex } from 'knex';
import type { Archival, Lane, Lease } from '../model/archival.ts';
import type { Copy } from '../model/copy.ts';
import type { HookName } from '../model/hook.ts';
import type { Run } from '../model/run.ts';
import type { Code } from '../model/status.ts';
import type { WriteBack } from '../model/writeBack.ts';
import type { Deliveries, Delivery } from './Deliveries.ts';
import type { Hosts } from './Hosts.ts';

/** Every query of ours. Each method throws `ArchiverError('database-failed')` when PostgreSQL does not answer. */
export interface Records {
  readonly outbox: Outbox;
  readonly archivals: Archivals;
  readonly copies: Copies;
  readonly runs: Runs;
  readonly taskStatus: TaskStatuses;
  readonly leases: NamedLeases;
  readonly hosts: Hosts;
  readonly deliveries: Deliveries;
  /** `select 1`, for readiness. */
  ping(): Promise<void>;
  /** Closes what we opened (a pool of our own, listening connections); never the host's pool. */
  close(): Promise<void>;
}

export interface OutboxEntry {
  readonly id: string;
  readonly event: HookName;
  readonly datasetId: string | null;
  readonly resourceId: string | null;
  readonly fileReplaced: boolean;
  readonly createdAt: Date;
}

export interface Outbox {
  /** One insert and a `pg_notify`, both in `transaction` when there is one. */
  add(entry: Omit<OutboxEntry, 'id' | 'createdAt'>, transaction?: Knex.Transaction): Promise<void>;
  /**
   * Up to `limit` oldest entries, locked (`for update skip locked`), handed to `handle`, deleted when it resolves; all
   * stay when it rejects. Answers how many were handled.
   */
  take(limit: number, handle: (entries: readonly OutboxEntry[]) => Promise<void>): Promise<number>;
  /** Calls back after any commit that added entries (LISTEN on a connection of its own, reconnecting by itself). */
  listen(onAdded: () => void): Promise<() => Promise<void>>;
  backlog(): Promise<{ readonly count: number; readonly oldestAt: Date | null }>;
}

export interface ArchivalRequest {
  readonly resourceId: string;
  readonly datasetId: string;
  readonly url: string;
  readonly host: string;
}

/** What the end of one attempt writes; every part in one transaction. */
export interface ArchivalRecord {
  readonly lease: Lease;
  readonly archival: Pick<
    Archival,
    | 'url'
    | 'host'
    | 'code'
    | 'reason'
    | 'broken'
    | 'attempts'
    | 'failureCount'
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
  readonly datasetId: string;
  /** A copy whose bytes are already kept in the store. */
  readonly copy: Omit<Copy, 'id'> | null;
  readonly writeBack: WriteBack | null;
  readonly taskStatus: TaskStatus;
  /** Webhook messages of what happened; they commit with it. */
  readonly deliveries: readonly Omit<Delivery, 'attempts'>[];
  /** true: the request is answered; runs count it. false: a retry follows, the lease is given back. */
  readonly settled: boolean;
}

export interface Recorded {
  readonly resourceId: string;
  /** `lease-lost`: somebody else holds the resource now; nothing was written for it. */
  readonly result: 'recorded' | 'lease-lost';
  /** true: a request came in while the job ran; one more run is due. */
  readonly wantedAgain: boolean;
  /** Runs that ended with this record. */
  readonly endedRunIds: readonly string[];
}

export interface SweepCost {
  /** At least one for each URL. */
  readonly requests: number;
  /** By the sizes known: what was never archived counts nothing, what has not changed may cost nothing. */
  readonly bytes: number;
  readonly hosts: number;
}

export interface Archivals {
  get(resourceId: string): Promise<Archival | null>;
  getMany(resourceIds: readonly string[]): Promise<readonly Archival[]>;
  listByDataset(datasetId: string): Promise<readonly Archival[]>;
  /**
   * Somebody wants these archived: inserts or updates rows, counts `requestSeq` up, adds `runId`, sets `nextCheckAt` to
   * now, writes task_status `pending`. A priority request lifts a bulk row; never the other way round. One statement set
   * for any number of rows. Answers the resources that need a new job: those for which none waits or runs already.
   */
  request(
    requests: readonly ArchivalRequest[],
    how: { readonly lane: Lane; readonly runId: string | null; readonly now: Date },
  ): Promise<readonly string[]>;
  /**
   * null when another holds it, or when nothing is wanted (`doneSeq = requestSeq`). Sets task_status `running`. An
   * expired lease of another owner is taken over, its key reported as `abandonedKeyAt`.
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
  /** Extends those still owned; answers the resource ids that are. */
  renew(leases: readonly Lease[], by: { readonly leaseMs: number; readonly now: Date }): Promise<ReadonlySet<string>>;
  /** Gives back without an outcome; the resource is due again at once. */
  release(leases: readonly Lease[]): Promise<void>;
  /** A wanted resource whose host must be left alone until then: its job has not been lost, it waits. */
  postpone(resourceId: string, until: Date): Promise<void>;
  /** When the next retry of a sweep at this host is due; null when none waits. */
  nextRetryAt(host: string): Promise<Date | null>;
  /** Hosts of the bulk lane with resources whose worker died. */
  hostsWithExpiredLeases(limit: number): Promise<readonly string[]>;
  /** All in one transaction; leases checked by fencing token; own-table rows, host's columns, task_status, runs. */
  record(outcomes: readonly ArchivalRecord[]): Promise<readonly Recorded[]>;
  /** Hosts with due resources in the bulk lane, the longest waiting first. */
  dueHosts(now: Date, limit: number): Promise<readonly { readonly host: string; readonly dueAt: Date }[]>;
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
  /** The resource left the portal: its row and task_status go, its copies stay (policy `keep`) or are listed for removal. */
  forget(resourceIds: readonly string[]): Promise<void>;
  /** Counts per code, plus totals; for the report and a dry run. */
  countByCode(): Promise<
    readonly { readonly code: Code | null; readonly broken: boolean | null; readonly count: number }[]
  >;
}

export interface Copies {
  /** Newest first. */
  listByResource(resourceId: string): Promise<readonly Copy[]>;
  listByResources(resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Copy[]>>;
  newest(resourceId: string): Promise<Copy | null>;
  findByKey(key: string): Promise<Copy | null>;
  /** A copy whose worker died before recording it. Nothing happens when the key is known. */
  recordRecovered(copy: Omit<Copy, 'id'>): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ascending id order. */
  page(after: string | null, limit: number): Promise<readonly Copy[]>;
}

export interface Runs {
  /**
   * Answers the earlier run of the same caller and key within a day; `conflict` when it asked for something else. The
   * requests of a new run are noted with it or not at all: who sees the run may rely on them. `unqueued`: as `request` answers.
   */
  create(
    run: Pick<Run, 'kind' | 'lane' | 'subjectId' | 'datasetId' | 'total'>,
    by: { readonly caller: string | null; readonly idempotencyKey: string | null; readonly now: Date },
    requests?: readonly ArchivalRequest[],
  ): Promise<{
    readonly run: Run;
    readonly result: 'created' | 'repeated' | 'conflict';
    readonly unqueued: readonly string[];
  }>;
  get(id: string): Promise<Run | null>;
  list(limit: number): Promise<readonly Run[]>;
  /** Resources not yet leased lose the request of this run; answers the run afterwards, null when unknown. */
  cancel(id: string, now: Date): Promise<Run | null>;
  /** A request of the run that will never be recorded (its resource is gone). */
  countDeleted(runIds: readonly string[], now: Date): Promise<void>;
  /** Sets the total of a run that was created before it was counted; ends it when the total is 0. */
  setTotal(id: string, total: number, now: Date): Promise<void>;
  /** Runs over everything whose process died before it had counted them: what it had asked for is their total. */
  countAbandoned(createdBefore: Date, now: Date): Promise<void>;
  /** Sets a sweep's total to what is due and belongs to no earlier sweep that still goes on. Answers it. */
  countSweep(id: string): Promise<number>;
  /** Ends sweeps of whose resources none is left. */
  endSweeps(now: Date): Promise<void>;
  /** Of sweeps that found nothing, those that ended before `emptyBefore`. */
  dropEndedBefore(moment: Date, emptyBefore: Date): Promise<number>;
}

/** CKAN's row; ours have entity_type `resource`, task_type `archiver`, key `status`. */
export interface TaskStatus {
  readonly entityId: string;
  readonly state: 'pending' | 'running' | 'success' | 'failure';
  /** JSON `{code, status, reason, attempts, runId}`. */
  readonly value: string;
  /** Empty on success, else the sentence for people. */
  readonly error: string;
  readonly lastUpdated: Date;
}

/** A row of CKAN's table, with its own id. */
export interface KnownTaskStatus extends TaskStatus {
  readonly id: string;
  readonly entityType: string;
  readonly taskType: string;
  readonly key: string;
}

export interface TaskStatuses {
  get(entityId: string): Promise<KnownTaskStatus | null>;
  byId(id: string): Promise<KnownTaskStatus | null>;
}

/** Leases of processes, not of resources: who sweeps. Also keeps a small cursor for the holder. */
export interface NamedLeases {
  /** True when taken or already ours; one winner among all processes. */
  acquire(name: string, owner: string, leaseMs: number, now: Date): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;
  readCursor(name: string): Promise<string | null>;
  writeCursor(name: string, cursor: string | null): Promise<void>;
  /** This process's bulk lane pauses, and why; the note ends by itself unless it is made again. null: it goes on. */
  setPause(owner: string, reason: string | null, forMs: number): Promise<void>;
  pauses(): Promise<readonly { readonly owner: string; readonly reason: string }[]>;
}
