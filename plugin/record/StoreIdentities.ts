/** What a database knows of the store that it writes to. */
export interface StoreIdentity {
  /** Who may remove copies: given at the first start, new with each adoption. */
  readonly owner: string;
  /** What was written into the store last, by whichever worker; the newest at the end. */
  readonly tokens: readonly string[];
  /** false: the row was written by another database, of which this is a copy. */
  readonly isOfThisDatabase: boolean;
}

/** One row. All who ask are told the same, so that status and readiness need not ask the store. */
export interface StoreIdentities {
  /** Why nothing is removed, as the last comparison found; null: it may be, or nothing was compared yet. */
  conflict(): Promise<string | null>;
  /** Made where it is missing, with a new owner. */
  known(): Promise<StoreIdentity>;
  /** Before the token is written into the store. false: another owner has adopted it meanwhile, and nothing was noted. */
  addToken(owner: string, token: string): Promise<boolean>;
  /** For everybody to read. */
  noteConflict(reason: string | null): Promise<void>;
  /** From now on the row is this database's, with this owner and token alone. */
  adopt(owner: string, token: string): Promise<void>;
}
