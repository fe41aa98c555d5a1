import { randomUUID } from 'node:crypto';
import type { Database } from '../database/Database.ts';
import { databaseName } from '../database/databaseName.ts';
import type { StoreIdentities, StoreIdentity } from '../StoreIdentities.ts';

/** So many were written lately: by then a request that was under way is over. */
const MOST_TOKENS = 256;

const NOTE = 'noting whose the store is';

/** {@link StoreIdentities} in PostgreSQL. */
export class StoreIdentityTable implements StoreIdentities {
  readonly #rows: Database['rows'];
  #thisDatabase: string | null = null;

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async conflict(): Promise<string | null> {
    const sql = 'select conflict from :schema:.store_identity';
    const [row] = await this.#rows<{ conflict: string | null }>('reading whose the store is', sql);
    return row?.conflict ?? null;
  }

  async known(): Promise<StoreIdentity> {
    const database = await this.#ownName();
    const make = `insert into :schema:.store_identity (owner, tokens, database)
      values (:owner, cast(array[] as text[]), ${database}) on conflict do nothing`;
    await this.#rows(NOTE, make, { owner: randomUUID() });
    const sql = `select owner, to_jsonb(tokens) as tokens, database = ${database} as "isOfThisDatabase"
      from :schema:.store_identity`;
    const [identity] = await this.#rows<StoreIdentity>('reading whose the store is', sql);
    if (!identity) throw new RangeError('PostgreSQL returned no row for an insert.');
    return identity;
  }

  async addToken(owner: string, token: string): Promise<boolean> {
    const sql = `update :schema:.store_identity
      set tokens = (tokens || cast(:token as text))[greatest(1, cardinality(tokens) + 2 - ${MOST_TOKENS}):]
      where owner = :owner returning owner`;
    return (await this.#rows(NOTE, sql, { owner, token })).length > 0;
  }

  async noteConflict(reason: string | null): Promise<void> {
    const sql = `insert into :schema:.store_identity (owner, tokens, database, conflict, checked_at)
      values (:owner, cast(array[] as text[]), ${await this.#ownName()}, :reason, clock_timestamp())
      on conflict ("only") do update set conflict = excluded.conflict, checked_at = excluded.checked_at`;
    await this.#rows(NOTE, sql, { owner: randomUUID(), reason });
  }

  async adopt(owner: string, token: string): Promise<void> {
    const sql = `insert into :schema:.store_identity as s (owner, tokens, database)
      values (:owner, array[cast(:token as text)], ${await this.#ownName()})
      on conflict ("only") do update set owner = excluded.owner, tokens = excluded.tokens, database = excluded.database`;
    await this.#rows(NOTE, sql, { owner, token });
  }

  /** An expression that names this database, as well as it may be asked for. */
  async #ownName(): Promise<string> {
    this.#thisDatabase ??= await databaseName({ rows: this.#rows });
    return this.#thisDatabase;
  }
}
