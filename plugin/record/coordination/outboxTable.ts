import { isHookName } from '../../model/hook.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import type { Listen } from '../database/listen.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { Outbox, OutboxEntry } from '../Records.ts';

const LIST = selectList({
  id: 'id::text',
  event: 'event',
  datasetId: 'dataset_id',
  resourceId: 'resource_id',
  fileReplaced: 'file_replaced',
  createdAt: moment('created_at'),
} satisfies Record<keyof OutboxEntry, string>);

/** Turns are taken among so many oldest entries, which bounds what a flood costs. */
const FAIR_AMONG = 10_000;

/** The notification is part of the transaction: it reaches the relay when, and only when, the save commits. */
const ADD = `
  with added as (
    insert into :schema:.outbox (event, dataset_id, resource_id, file_replaced)
    values (:event, :datasetId, :resourceId, :fileReplaced) returning id)
  select pg_notify(:channel, id::text) from added`;

/** In turns: the first of every dataset come before the second of any; those of one dataset in their order. */
const NEXT = `
  select ${LIST} from :schema:.outbox join (
    select id as turn_id, row_number() over (partition by dataset_id order by id) as turn
    from (select id, dataset_id from :schema:.outbox order by id limit ${FAIR_AMONG}) as oldest) as turns on turn_id = outbox.id
  order by turn, outbox.id limit :limit for update of outbox skip locked`;

const BACKLOG = `select count(*)::int as count, ${moment('min(created_at)')} as "oldestAt" from :schema:.outbox`;

type Backlog = Awaited<ReturnType<Outbox['backlog']>>;

/** {@link Outbox} in PostgreSQL. */
export class OutboxTable implements Outbox {
  readonly #database: Database;
  readonly #channel: string;
  readonly #listen: Listen;

  constructor(database: Database, listen: Listen) {
    this.#database = database;
    this.#listen = listen;
    this.#channel = `${database.schema}_outbox`;
  }

  async add(entry: Omit<OutboxEntry, 'id' | 'createdAt'>, transaction?: HostTransaction): Promise<void> {
    await this.#database.rows('noting a save', ADD, { ...entry, channel: this.#channel }, transaction);
  }

  take(limit: number, handle: (entries: readonly OutboxEntry[]) => Promise<void>): Promise<number> {
    const { guard, knex } = this.#database;
    return guard('reading the outbox', () => knex.transaction((on) => this.#takeIn(on, limit, handle)));
  }

  listen(onAdded: () => void): Promise<() => Promise<void>> {
    return this.#listen(this.#channel, () => onAdded());
  }

  async backlog(): Promise<Backlog> {
    const [row] = await this.#database.rows<Backlog>('counting the outbox', BACKLOG);
    return row ?? { count: 0, oldestAt: null };
  }

  async #takeIn(
    on: HostTransaction,
    limit: number,
    handle: (entries: readonly OutboxEntry[]) => Promise<void>,
  ): Promise<number> {
    const { rows } = this.#database;
    const taken = await rows<OutboxEntry>('reading the outbox', NEXT, { limit }, on);
    if (taken.length === 0) return 0;
    // The row of a newer version's hook that this one does not know says nothing to it.
    await handle(taken.filter(({ event }) => isHookName(event)));
    const remove = 'delete from :schema:.outbox where id = any(cast(:ids as bigint[]))';
    await rows('emptying the outbox', remove, { ids: taken.map(({ id }) => id) }, on);
    return taken.length;
  }
}
