import type { Database } from '../database/Database.ts';
import { asRefusal } from '../database/databaseFailed.ts';
import type { Addresses, CopiesAddress, Rewriting } from '../Records.ts';

const USE = `
  insert into :schema:.address (audience, url, used_at)
  select audience, url, clock_timestamp() from jsonb_to_recordset(cast(:current as jsonb)) as c (audience text, url text)
  on conflict (audience, url) do update set used_at = excluded.used_at`;

/** What was found in the portal's table is no earlier address where it is in use. */
const KNOW = `
  delete from :schema:.address where audience = 'any' and url in (
    select url from jsonb_to_recordset(cast(:current as jsonb)) as c (url text))`;

const EARLIER = `
  select distinct url from :schema:.address as a
  where audience = 'any' or used_at < (select max(used_at) from :schema:.address as o where o.audience = a.audience)
  order by url`;

const LOCK = `
  select from :schema:.archival where resource_id = any(cast(:ids as text[])) order by resource_id for update`;

/** {@link Addresses} in PostgreSQL. */
export class AddressTable implements Addresses {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async use(current: readonly CopiesAddress[]): Promise<void> {
    const bindings = { current: JSON.stringify(current) };
    await this.#database.rows('noting the address of copies', USE, bindings);
    await this.#database.rows('noting the address of copies', KNOW, bindings);
  }

  async earlier(): Promise<readonly string[]> {
    return urlsOf(await this.#database.rows<{ url: string }>('reading the addresses of copies', EARLIER));
  }

  async all(): Promise<readonly string[]> {
    const sql = 'select distinct url from :schema:.address order by url';
    return urlsOf(await this.#database.rows<{ url: string }>('reading the addresses of copies', sql));
  }

  async settle(current: readonly CopiesAddress[]): Promise<void> {
    await this.use(current);
    const urls = current.map(({ audience, url }) => `${audience} ${url}`);
    const sql = `delete from :schema:.address where not audience || ' ' || url = any(cast(:urls as text[]))`;
    await this.#database.rows('noting the address of copies', sql, { urls });
  }

  rewrite<Change>(resourceIds: readonly string[], { read, write }: Rewriting<Change>): Promise<readonly Change[]> {
    const { guard, knex } = this.#database;
    let isWriting = false;
    return guard('rewriting the addresses of copies', async () => {
      try {
        return await knex.transaction(async (transaction) => {
          await this.#database.rows('locking archivals', LOCK, { ids: resourceIds }, transaction);
          const changes = await read(transaction);
          isWriting = true;
          if (changes.length > 0) await write(changes, transaction);
          return changes;
        });
      } catch (error) {
        throw isWriting ? asRefusal(error) : error;
      }
    });
  }
}

const urlsOf = (rows: readonly { readonly url: string }[]): string[] => rows.map(({ url }) => url);
