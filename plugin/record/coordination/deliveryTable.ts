import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Deliveries, DeliveriesOf, Delivery, NewDelivery } from '../Deliveries.ts';
import type { Database } from '../database/Database.ts';

const TAKE_DUE = `
  update :schema:.webhook_delivery set next_at = :hiddenUntil
  where id in (select id from :schema:.webhook_delivery where target = :target and next_at <= :now order by next_at limit :limit
    for update skip locked)
  returning id, event_id as "eventId", target, body, attempts`;

const RETRY = 'update :schema:.webhook_delivery set attempts = attempts + 1, next_at = :nextAt where id = :id';

/** One that is disabled again is answered; its messages go in either case. */
const DISABLE = `
  with dropped as (delete from :schema:.webhook_delivery where target = :target)
  insert into :schema:.webhook_receiver (target, disabled_at) values (:target, :at)
  on conflict (target) do nothing returning target`;

const INSERT = `
  insert into :schema:.webhook_delivery (id, event_id, target, body, next_at)
  select id, "eventId", target, body, coalesce(cast(:now as timestamptz), now())
  from jsonb_to_recordset(cast(:deliveries as jsonb)) as i (id text, "eventId" text, target text, body text)
  where not exists (select from :schema:.webhook_receiver as r where r.target = i.target)
  on conflict (id) do nothing`;

/** {@link Deliveries} in PostgreSQL. */
export class DeliveryTable implements Deliveries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  add(deliveries: readonly NewDelivery[], now: Date): Promise<void> {
    return insertDeliveries(this.#database, deliveries, now, this.#database.knex);
  }

  takeDue(target: string, { limit, sendingMs, now }: Parameters<Deliveries['takeDue']>[1]): Promise<Delivery[]> {
    const hiddenUntil = new Date(now.getTime() + sendingMs);
    return this.#database.rows('reading webhook deliveries', TAKE_DUE, { target, now, hiddenUntil, limit });
  }

  async done(id: string): Promise<void> {
    const sql = 'delete from :schema:.webhook_delivery where id = :id';
    await this.#database.rows('ending a webhook delivery', sql, { id });
  }

  async disable(target: string, at: Date): Promise<boolean> {
    return (await this.#database.rows('disabling a webhook receiver', DISABLE, { target, at })).length > 0;
  }

  async enableAll(): Promise<void> {
    await this.#database.rows('enabling webhook receivers', 'delete from :schema:.webhook_receiver', {});
  }

  async countDisabled(): Promise<number> {
    const sql = 'select count(*)::int as count from :schema:.webhook_receiver';
    const [counted] = await this.#database.rows<{ readonly count: number }>('counting webhook receivers', sql, {});
    return counted?.count ?? 0;
  }

  async dropOthers(targets: readonly string[]): Promise<void> {
    const sql = 'delete from :schema:.webhook_delivery where not target = any(cast(:targets as text[]))';
    await this.#database.rows('dropping webhook deliveries', sql, { targets });
  }

  async retry(id: string, nextAt: Date): Promise<void> {
    await this.#database.rows('putting a webhook delivery off', RETRY, { id, nextAt });
  }
}

/**
 * Messages that wait from `now` on (null: from this moment, by the database's clock); one whose id is known already is left
 * out. In the transaction `on`, or a pool.
 */
export async function insertDeliveries(
  { rows }: Database,
  deliveries: readonly NewDelivery[],
  now: Date | null,
  on: HostTransaction,
): Promise<void> {
  if (deliveries.length === 0) return;
  await rows('noting webhook deliveries', INSERT, { deliveries: JSON.stringify(deliveries), now }, on);
}

/** What `work` came to, committed together with the messages that tell it. */
export function withDeliveries<Change>(
  database: Database,
  { doing, now, deliveriesOf }: { readonly doing: string; readonly now: Date; deliveriesOf: DeliveriesOf<Change> },
  work: (on: HostTransaction) => Promise<Change>,
): Promise<Change> {
  return database.guard(doing, () =>
    database.knex.transaction(async (on) => {
      const change = await work(on);
      await insertDeliveries(database, deliveriesOf(change), now, on);
      return change;
    }),
  );
}
