import type { Lane } from '../../model/archival.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import type { NamedLeases } from '../Records.ts';

const ACQUIRE = `
  insert into :schema:.named_lease as held (name, owner, until)
  values (:name, :owner, clock_timestamp() + :leaseMs * interval '1 millisecond')
  on conflict (name) do update set owner = excluded.owner, until = excluded.until
  where held.owner = excluded.owner or held.until is null or held.until < clock_timestamp()
  returning name`;

const SET_PAUSE = `
  insert into :schema:.named_lease (name, owner, until, cursor)
  values (:name, :owner, clock_timestamp() + :forMs * interval '1 millisecond', :reason)
  on conflict (name) do update set until = excluded.until, cursor = excluded.cursor`;

/** With it go the pauses of processes that are no more. */
const END_PAUSE = `
  delete from :schema:.named_lease where name = :name or (name like 'pause %' and until < clock_timestamp())`;

const PAUSES = `
  select owner, cursor as reason from :schema:.named_lease
  where name like 'pause %' and until >= clock_timestamp() order by name`;

const RECORD_MOVE = `
  insert into :schema:.named_lease (name, until) values (:name, clock_timestamp())
  on conflict (name) do update set until = excluded.until`;

const LAST_MOVES = `
  select ${moment(`max(until) filter (where name = 'moved priority')`)} as priority,
    ${moment(`max(until) filter (where name = 'moved bulk')`)} as bulk
  from :schema:.named_lease where name in ('moved priority', 'moved bulk')`;

/** {@link NamedLeases} in PostgreSQL, whose clock decides, so that machines whose clocks differ agree on the winner. */
export class NamedLeaseTable implements NamedLeases {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async acquire(name: string, owner: string, leaseMs: number): Promise<boolean> {
    const won = await this.#rows(`taking the lease ${name}`, ACQUIRE, { name, owner, leaseMs });
    return won.length > 0;
  }

  async release(name: string, owner: string): Promise<void> {
    const sql = 'update :schema:.named_lease set until = null where name = :name and owner = :owner';
    await this.#rows(`giving the lease ${name} back`, sql, { name, owner });
  }

  async readCursor(name: string): Promise<string | null> {
    const sql = 'select cursor from :schema:.named_lease where name = :name';
    const [row] = await this.#rows<{ cursor: string | null }>('reading a cursor', sql, { name });
    return row?.cursor ?? null;
  }

  async writeCursor(name: string, cursor: string | null): Promise<void> {
    const sql = 'update :schema:.named_lease set cursor = :cursor where name = :name';
    await this.#rows('writing a cursor', sql, { name, cursor });
  }

  async setPause(owner: string, reason: string | null, forMs: number): Promise<void> {
    const bindings = { name: `pause ${owner}`, owner };
    if (reason === null) await this.#rows('ending a pause', END_PAUSE, bindings);
    else await this.#rows('noting a pause', SET_PAUSE, { ...bindings, forMs, reason });
  }

  async recordMove(lane: Lane): Promise<void> {
    await this.#rows('telling that a lane moves', RECORD_MOVE, { name: `moved ${lane}` });
  }

  async lastMoves(): Promise<Readonly<Record<Lane, Date | null>>> {
    const [row] = await this.#rows<Record<Lane, Date | null>>('asking when lanes moved', LAST_MOVES);
    return row ?? { priority: null, bulk: null };
  }

  pauses(): Promise<{ readonly owner: string; readonly reason: string }[]> {
    return this.#rows('reading pauses', PAUSES);
  }
}
