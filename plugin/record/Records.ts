import type { Lane } from '../model/archival.ts';
import type { Copy } from '../model/copy.ts';
import type { HookName } from '../model/hook.ts';
import type { HostTransaction } from '../portal/HostDatabase.ts';
import type { Archivals } from './Archivals.ts';
import type { Deliveries } from './Deliveries.ts';
import type { Histories } from './Histories.ts';
import type { Hosts } from './Hosts.ts';
import type { Landings } from './Landings.ts';
import type { Mails } from './Mails.ts';
import type { OperatorViews } from './OperatorViews.ts';
import type { Processes } from './Processes.ts';
import type { Proposals } from './Proposals.ts';
import type { Reports } from './Reports.ts';
import type { Runs } from './Runs.ts';
import type { StoreIdentities } from './StoreIdentities.ts';
import type { TaskStatuses } from './TaskStatuses.ts';

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
  readonly landings: Landings;
  readonly identities: StoreIdentities;
  readonly histories: Histories;
  readonly proposals: Proposals;
  readonly reports: Reports;
  readonly addresses: Addresses;
  readonly processes: Processes;
  readonly operatorViews: OperatorViews;
  readonly mails: Mails;
  /** `select 1`: whether it answers. */
  ping(): Promise<void>;
  /** Throws where it may only be read, for readiness. */
  takesWrites(): Promise<void>;
  /** Closes what we opened (a pool of our own, listening connections); never the host's pool. */
  close(): Promise<void>;
}

/** One save or deletion that a hook of the host reported. */
export interface OutboxEntry {
  readonly id: string;
  readonly event: HookName;
  readonly datasetId: string | null;
  readonly resourceId: string | null;
  readonly fileReplaced: boolean;
  readonly createdAt: Date;
}

/** Reported saves on their way to jobs; they commit with the host's transaction. */
export interface Outbox {
  /** One insert and a `pg_notify`, both in `transaction` when there is one. */
  add(entry: Omit<OutboxEntry, 'id' | 'createdAt'>, transaction?: HostTransaction): Promise<void>;
  /**
   * Up to `limit` entries, the datasets in turns and the entries of each in their order, locked (`for update skip locked`), handed to `handle`, deleted when it resolves; all
   * stay when it rejects. Answers how many were handled.
   */
  take(limit: number, handle: (entries: readonly OutboxEntry[]) => Promise<void>): Promise<number>;
  /** Calls back after any commit that added entries (LISTEN on a connection of its own, reconnecting by itself). */
  listen(onAdded: () => void): Promise<() => Promise<void>>;
  backlog(): Promise<{ readonly count: number; readonly oldestAt: Date | null }>;
}

/** The versions that the store keeps; a row is added once and never changed. */
export interface Copies {
  /** Newest first. */
  listByResource(resourceId: string): Promise<readonly Copy[]>;
  listByResources(resourceIds: readonly string[]): Promise<ReadonlyMap<string, readonly Copy[]>>;
  /** As `listByResources`, at most `limit` of each. */
  newestByResources(resourceIds: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly Copy[]>>;
  /** Newest first, after the copy with the key `after`. */
  pageByResource(
    resourceId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly Copy[]>;
  newest(resourceId: string): Promise<Copy | null>;
  findByKey(key: string): Promise<Copy | null>;
  /** A copy whose worker died before recording it. Nothing happens when the key is known. */
  recordRecovered(copy: Omit<Copy, 'id'>): Promise<void>;
  remove(id: string): Promise<void>;
  /** Of these keys, those that no copy has. */
  unknownKeys(keys: readonly string[]): Promise<readonly string[]>;
  /** Ascending id order. */
  page(after: string | null, limit: number): Promise<readonly Copy[]>;
}

/** What the URLs of copies begin with, for those of public and of private datasets. */
export interface CopiesAddress {
  readonly audience: 'public' | 'private';
  /** Without a slash at its end. */
  readonly url: string;
}

/** The addresses below which copies were told to the portal. */
export interface Addresses {
  /** Notes that these are in use from now on. */
  use(current: readonly CopiesAddress[]): Promise<void>;
  /** Those in use before the latest ones, which the portal may still hold. */
  earlier(): Promise<readonly string[]>;
  all(): Promise<readonly string[]>;
  /** Nothing of the portal begins with any other any more. */
  settle(current: readonly CopiesAddress[]): Promise<void>;
  /**
   * Reads and writes in a transaction in which nobody else records these resources; answers what was to be written. Throws
   * `ArchiverError('host-refused')`, and nothing is written, where the host's table does not take one of them.
   */
  rewrite<Change>(resourceIds: readonly string[], rewriting: Rewriting<Change>): Promise<readonly Change[]>;
}

/** What is changed in the host's own table. `write` is not asked for nothing. */
export interface Rewriting<Change> {
  read(transaction: HostTransaction): Promise<readonly Change[]>;
  write(changes: readonly Change[], transaction: HostTransaction): Promise<void>;
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
  /** An archival of this lane has just ended, in whichever process. */
  recordMove(lane: Lane): Promise<void>;
  /** When one last ended, to some seconds; null: not since this is recorded. */
  lastMoves(): Promise<Readonly<Record<Lane, Date | null>>>;
  pauses(): Promise<readonly { readonly owner: string; readonly reason: string }[]>;
}
