import type { Database } from '../database/Database.ts';
import { isGone } from '../database/databaseFailed.ts';
import type { Processes } from '../Processes.ts';

const UNINSTALL = 'uninstall';

/** Who is noted already is noted on while it stops; nobody begins while the archiver is uninstalled. */
const NOTE = `
  with claim as (select from :schema:.named_lease where name = '${UNINSTALL}' and until >= clock_timestamp()),
  dropped as (
    delete from :schema:.named_lease where name like 'process %' and name <> :name and until < clock_timestamp() - interval '1 hour'),
  noted as (
    insert into :schema:.named_lease (name, owner, until)
    select :name, :owner, clock_timestamp() + :forMs * interval '1 millisecond'
    where not exists (select from claim) or exists (select from :schema:.named_lease where name = :name)
    on conflict (name) do update set until = excluded.until)
  select exists (select from claim) as "isClaimed"`;

const CLAIM = `
  insert into :schema:.named_lease as held (name, owner, until)
  values ('${UNINSTALL}', :owner, clock_timestamp() + :forMs * interval '1 millisecond')
  on conflict (name) do update set owner = excluded.owner, until = excluded.until
  where held.owner = excluded.owner or held.until is null or held.until < clock_timestamp()
  returning name`;

/** Leases show workers of a version that is not noted. */
const WORKING = `
  select to_jsonb(array(
      select owner from :schema:.named_lease where name like 'process %' and until >= clock_timestamp() order by owner)) as owners,
    (select count(*)::int from :schema:.archival where lease_until >= clock_timestamp()) as leased`;

/** {@link Processes} in PostgreSQL, whose clock decides. */
export class ProcessTable implements Processes {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async note(owner: string, forMs: number): ReturnType<Processes['note']> {
    try {
      const bindings = { name: `process ${owner}`, owner, forMs };
      const [row] = await this.#rows<{ isClaimed: boolean }>('noting that this process works', NOTE, bindings);
      return row?.isClaimed ? 'uninstalling' : 'noted';
    } catch (error) {
      if (isGone(error)) return 'uninstalled';
      throw error;
    }
  }

  async leave(owner: string): Promise<void> {
    const sql = 'delete from :schema:.named_lease where name = :name';
    await this.#rows('noting that this process ends', sql, { name: `process ${owner}` });
  }

  async claimUninstall(owner: string, forMs: number): Promise<boolean> {
    return (await this.#rows('claiming the right to uninstall', CLAIM, { owner, forMs })).length > 0;
  }

  async dropClaim(owner: string): Promise<void> {
    const sql = `delete from :schema:.named_lease where name = '${UNINSTALL}' and owner = :owner`;
    await this.#rows('giving up to uninstall', sql, { owner });
  }

  async working(): ReturnType<Processes['working']> {
    const [row] = await this.#rows<{ owners: readonly string[]; leased: number }>('looking for processes', WORKING);
    return row ?? { owners: [], leased: 0 };
  }
}
