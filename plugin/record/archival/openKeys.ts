import type { Archivals } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { FREE } from './archivalColumns.ts';

const REOPEN = `
  update :schema:.archival set open_keys = open_keys || cast(:keyAt as timestamptz),
    key_at = greatest(key_at, cast(:keyAt as timestamptz)), next_check_at = least(next_check_at, :now)
  where resource_id = :resourceId and ${FREE} returning resource_id`;

/** Once more, behind the keys that the present lease knows: its record takes those alone away. */
const KEEP_OPEN = `
  update :schema:.archival set open_keys = open_keys || cast(:keyAt as timestamptz)
  where resource_id = :resourceId and cast(:keyAt as timestamptz) = any (open_keys) returning resource_id`;

/** Alone it stands only after the record of the lease that followed. */
const LET_GO = `
  with gone as (
    update :schema:.archival set open_keys = '{}'
    where resource_id = :resourceId and lease_owner is null and open_keys = array[cast(:keyAt as timestamptz)] returning resource_id)
  select exists (select from gone) as "isGone", exists (
    select from :schema:.archival where resource_id = :resourceId and lease_owner is not null) as "isLeased"`;

type OpenKeyMethods = Pick<Archivals, 'reopen' | 'keepOpen' | 'letGo'>;

/** The part of {@link Archivals} that knows under which keys bytes may lie of which no row speaks. */
export class OpenKeys implements OpenKeyMethods {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async reopen(resourceId: string, keyAt: Date, now: Date): Promise<boolean> {
    return (await this.#rows('reopening an archival', REOPEN, { resourceId, keyAt, now })).length > 0;
  }

  async keepOpen({ resourceId, keyAt }: Parameters<OpenKeyMethods['letGo']>[0]): Promise<boolean> {
    return (await this.#rows('keeping a key open', KEEP_OPEN, { resourceId, keyAt })).length > 0;
  }

  async letGo({ resourceId, keyAt }: Parameters<OpenKeyMethods['letGo']>[0]): ReturnType<Archivals['letGo']> {
    const bindings = { resourceId, keyAt };
    const [row] = await this.#rows<{ isGone: boolean; isLeased: boolean }>('letting a key go', LET_GO, bindings);
    if (row?.isGone) return 'let-go';
    return row?.isLeased ? 'leased' : 'open';
  }
}
