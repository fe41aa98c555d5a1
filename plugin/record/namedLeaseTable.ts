import type { Database } from './Database.ts';
import type { NamedLeases } from './Records.ts';

/** The database's clock decides, so that machines whose clocks differ agree on the winner. */
export function createNamedLeaseTable({ rows }: Database): NamedLeases {
  return {
    async acquire(name, owner, leaseMs) {
      const won = await rows(
        `taking the lease ${name}`,
        `insert into :schema:.named_lease as held (name, owner, until)
         values (:name, :owner, clock_timestamp() + :leaseMs * interval '1 millisecond')
         on conflict (name) do update set owner = excluded.owner, until = excluded.until
         where held.owner = excluded.owner or held.until is null or held.until < clock_timestamp()
         returning name`,
        { name, owner, leaseMs },
      );
      return won.length > 0;
    },
    async setPause(owner, reason, forMs) {
      // With it go the notes of processes that are no more.
      const over = `delete from :schema:.named_lease where name = :name or (name like 'pause %' and until < clock_timestamp())`;
      const note = `insert into :schema:.named_lease (name, owner, until, cursor)
        values (:name, :owner, clock_timestamp() + :forMs * interval '1 millisecond', :reason)
        on conflict (name) do update set until = excluded.until, cursor = excluded.cursor`;
      const bindings = { name: `pause ${owner}`, owner };
      if (reason === null) await rows('ending a pause', over, bindings);
      else await rows('noting a pause', note, { ...bindings, forMs, reason });
    },
    pauses: () =>
      rows(
        'reading pauses',
        `select owner, cursor as reason from :schema:.named_lease
         where name like 'pause %' and until >= clock_timestamp() order by name`,
      ),
    async release(name, owner) {
      await rows(
        `giving the lease ${name} back`,
        'update :schema:.named_lease set until = null where name = :name and owner = :owner',
        { name, owner },
      );
    },
    async readCursor(name) {
      const [row] = await rows<{ cursor: string | null }>(
        'reading a cursor',
        'select cursor from :schema:.named_lease where name = :name',
        { name },
      );
      return row?.cursor ?? null;
    },
    async writeCursor(name, cursor) {
      await rows('writing a cursor', 'update :schema:.named_lease set cursor = :cursor where name = :name', {
        name,
        cursor,
      });
    },
  };
}
