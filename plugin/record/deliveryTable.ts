import type { Knex } from 'knex';
import type { Database } from './Database.ts';
import type { Deliveries, Delivery } from './Deliveries.ts';

export function createDeliveryTable(database: Database): Deliveries {
  const { knex, rows } = database;
  return {
    add: (deliveries, now) => insertDeliveries(database, deliveries, now, knex),
    takeDue: (limit, sendingMs, now) =>
      rows<Delivery>(
        'reading webhook deliveries',
        `update :schema:.webhook_delivery set next_at = :hiddenUntil
         where id in (select id from :schema:.webhook_delivery where next_at <= :now order by next_at limit :limit
           for update skip locked)
         returning id, event_id as "eventId", target, body, attempts`,
        { now, hiddenUntil: new Date(now.getTime() + sendingMs), limit },
      ),
    async done(id) {
      await rows('ending a webhook delivery', 'delete from :schema:.webhook_delivery where id = :id', { id });
    },
    async retry(id, nextAt) {
      await rows(
        'putting a webhook delivery off',
        'update :schema:.webhook_delivery set attempts = attempts + 1, next_at = :nextAt where id = :id',
        { id, nextAt },
      );
    },
  };
}

export async function insertDeliveries(
  { rows }: Database,
  deliveries: readonly Omit<Delivery, 'attempts'>[],
  now: Date,
  on: Knex,
): Promise<void> {
  if (deliveries.length === 0) return;
  await rows(
    'noting webhook deliveries',
    `insert into :schema:.webhook_delivery (id, event_id, target, body, next_at)
     select id, "eventId", target, body, cast(:now as timestamptz)
     from jsonb_to_recordset(cast(:deliveries as jsonb)) as i (id text, "eventId" text, target text, body text)
     on conflict (id) do nothing`,
    { deliveries: JSON.stringify(deliveries), now },
    on,
  );
}
