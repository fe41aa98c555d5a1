import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HookName } from './model/hook.ts';
import type { Role } from './model/role.ts';
import type { Listener } from './notify/Listener.ts';
import type { HookListener, Portal } from './portal/Portal.ts';
import type { Archive } from './show/Archive.ts';

/** How `start` is called. */
export interface StartOptions {
  /**
   * Default: all three. None (`[]`), as for a command: only to look and to ask. Then nothing is migrated or made, and the
   * start is refused with `schema-mismatch` where the tables are of another version.
   */
  readonly roles?: readonly Role[];
  /** Aborting it stops the plugin as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Another process uninstalls the archiver, and this one has stopped for it. Not told where `roles` is empty. */
  onUninstall?(): void;
}

/** How `uninstall` waits for other processes. */
export interface UninstallOptions {
  /** How long; default: a minute, or two leases (`ARCHIVER_LEASE_MS`) where that is more. 0: not at all. */
  readonly timeoutMs?: number;
  /** Breaks the waiting off. */
  readonly signal?: AbortSignal;
  /** Told who is waited for, at first and every ten seconds; default: a line at `warn` in the portal's logger. */
  onWait?(waitsFor: string): void;
}

/** What uninstalling leaves. */
export interface Uninstalled {
  /** Keys of the copies. */
  readonly copies: readonly string[];
  /** Where the copies lie: folders or containers. */
  readonly places: readonly string[];
  /** What else could not be taken away, a sentence each. */
  readonly left: readonly string[];
}

/** How long a slice of work may take. */
export interface WorkOptions {
  /** The slice ends within so long: what has begun may take the second half of it to end, then it is given back. */
  readonly ms: number;
  /** Ends it now; what has begun is given back. */
  readonly signal: AbortSignal;
}

/** What a slice of work left. */
export interface WorkReport {
  /** Resources that are due now, counted up to 100,000; others may work on them. */
  readonly due: number;
  /** Something is left to be done now. */
  readonly more: boolean;
}

/**
 * The plugin as a host sees it: `create → register → start → stop`. Several can live in one process; none installs
 * signal handlers or exits the process.
 */
export interface Archiver {
  /** Resolve fast, never reject; write one outbox row, in the host's transaction where one is offered. */
  readonly hooks: Readonly<Record<HookName, HookListener>>;
  /** Our routes, for `node:http`, Express 4 and 5, or Fastify; answers 503 until started. */
  handler(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** Attaches hooks and mounts the handler. Touches no database. Once. */
  register(portal: Portal): void;
  /**
   * Settings → probe → migrate → queue → schedule. Idempotent. Whatever takes long is said in the log. Throws `ArchiverError`;
   * resolves, not started, where `stop` was called or `signal` fired meanwhile.
   */
  start(options?: StartOptions): Promise<void>;
  /** Stops intake, aborts downloads, gives leases back. Idempotent; safe when the host's pool is already gone. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
  /**
   * Works as a worker does until nothing is due or its time is over: for platforms that give a process time only while it
   * answers a request. Started with or without roles; once at a time. Throws `ArchiverError`.
   */
  work(options: WorkOptions): Promise<WorkReport>;
  /**
   * Stops the plugin, here and in processes elsewhere, then drops what is ours in the database and the queue; the copies stay.
   * It need not be started, and the queue need not answer. Throws `ArchiverError('in-use')`, and nothing is dropped, where
   * others have not stopped in time.
   */
  uninstall(options?: UninstallOptions): Promise<Uninstalled>;
  /** Tells `listener` of every event; answers how to leave. */
  on(listener: Listener): () => void;
  /** `agenda-mongodb` or `agenda-postgresql`, once started. */
  queueName(): string;
  storeName(): string;
  /** What a portal may ask the archive and ask of it, once started. */
  readonly archive: Archive;
}
