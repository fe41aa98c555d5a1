import type { Knex } from 'knex';
import { isHookName } from '../model/hook.ts';
import type { Database } from './Database.ts';
import { listen } from './listen.ts';
import type { Outbox, OutboxEntry } from './Records.ts';

interface OutboxRow {
  readonly id: string;
  readonly event: string;
  readonly dataset_id: string | null;
  readonly resource_id: string | null;
  readonly file_replaced: boolean;
  readonly created_at: Date;
}

export function createOutboxTable({ knex, schema, guard, rows }: Database): Outbox {
  const channel = `${schema}_outbox`;

  return {
    async add(entry, transaction) {
      // The notification is part of the transaction: it reaches the relay when, and only when, the save commits.
      await rows(
        'noting a save',
        `with added as (
           insert into :schema:.outbox (event, dataset_id, resource_id, file_replaced)
           values (:event, :datasetId, :resourceId, :fileReplaced) returning id)
         select pg_notify(:channel, id::text) from added`,
        { ...entry, channel },
        transaction,
      );
    },

    take: (limit, handle) =>
      guard('reading the outbox', () =>
        knex.transaction(async (transaction: Knex.Transaction) => {
          const taken = await rows<OutboxRow>(
            'reading the outbox',
            'select * from :schema:.outbox order by id limit :limit for update skip locked',
            { limit },
            transaction,
          );
          if (taken.length === 0) return 0;
          await handle(taken.flatMap(entryOf));
          const ids = taken.map(({ id }) => id);
          await rows(
            'emptying the outbox',
            'delete from :schema:.outbox where id = any(cast(:ids as bigint[]))',
            { ids },
            transaction,
          );
          return taken.length;
        }),
      ),

    listen: (onAdded) => listen(knex, channel, onAdded),

    async backlog() {
      const [row] = await rows<{ count: number; oldest_at: Date | null }>(
        'counting the outbox',
        'select count(*)::int as count, min(created_at) as oldest_at from :schema:.outbox',
      );
      return { count: row?.count ?? 0, oldestAt: row?.oldest_at ?? null };
    },
  };
}

/** A row of a newer version's hook that this one does not know says nothing to it. */
function entryOf(row: OutboxRow): OutboxEntry[] {
  if (!isHookName(row.event)) return [];
  const {
    id,
    event,
    dataset_id: datasetId,
    resource_id: resourceId,
    file_replaced: fileReplaced,
    created_at: createdAt,
  } = row;
  return [{ id: String(id), event, datasetId, resourceId, fileReplaced, createdAt }];
}
