/**
 * A knex on PostgreSQL, taken for what it does: the host's, of whatever version (1.0 and every later one fits), or one of our
 * own. What the archiver does with it, it does through these members.
 */
export interface HostDatabase extends HostTransaction {
  /** Ends its pool; called for one of our own alone. */
  destroy(): Promise<void>;
  /** Where it connects to and how often, for the connections that the archiver opens of its own. */
  readonly client: {
    readonly config: { readonly connection?: unknown; readonly connectionPool?: HostPool };
    readonly pool?: { readonly max?: number };
  };
}

/** A pool of pg that knex was given. */
interface HostPool {
  readonly options?: { readonly max?: number; readonly password?: unknown };
}

/**
 * A transaction of it. A host that wants the query builder names the type that it has at home, and the compiler agrees:
 * `writeBack(changes: readonly WriteBack[], transaction: Knex.Transaction)`.
 */
export interface HostTransaction {
  /** One statement; `?` and `??` take a list, `:name` and `:name:` an object. `Result` is what its driver answers: `{rows}`. */
  raw<Result = { readonly rows: readonly unknown[] }>(
    sql: string,
    bindings: Readonly<Record<string, unknown>> | readonly unknown[],
  ): HostStatement<Result>;
  /** Within a transaction: a savepoint. Rolled back when the work rejects. */
  transaction<Result>(work: (transaction: HostTransaction) => Promise<Result>): Promise<Result>;
  /** knex's migrations, with a configuration of its own. */
  readonly migrate: {
    latest(config: object): Promise<readonly [number, readonly string[]]>;
    rollback(config: object, all: boolean): Promise<readonly [number, readonly string[]]>;
  };
}

/** Runs when it is awaited. */
export interface HostStatement<Result> extends PromiseLike<Result> {
  /** What the driver takes beside the statement, such as parsers. */
  options(options: object): PromiseLike<Result>;
}
