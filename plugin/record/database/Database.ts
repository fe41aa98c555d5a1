import type { HostDatabase, HostTransaction } from '../../portal/HostDatabase.ts';

/** What every table file is given. */
export interface Database {
  readonly knex: HostDatabase;
  readonly schema: string;
  /**
   * Runs a query or a transaction, again when it collided with another; throws `ArchiverError('database-failed')` that
   * says what was being done.
   */
  guard<Result>(doing: string, work: () => PromiseLike<Result>): Promise<Result>;
  /** For how long (ms) every statement has reached the server and been served; infinite where none ever failed for that. */
  servedMs(): number;
  /** Rows of a raw statement; `:schema:` in it stands for our schema. */
  rows<Row>(
    doing: string,
    sql: string,
    bindings?: Readonly<Record<string, unknown>>,
    on?: HostTransaction,
  ): Promise<Row[]>;
}
