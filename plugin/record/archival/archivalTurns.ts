import type { Archivals } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { FREE } from './archivalColumns.ts';

type TurnMethods = Pick<Archivals, 'turns' | 'nextWaiting' | 'nextWaitingOf' | 'park'>;
type Waiting = NonNullable<Awaited<ReturnType<TurnMethods['nextWaiting']>>>;

const WANTED = `lane = 'priority' and request_seq > done_seq`;

/**
 * Each dataset's requests stand a second apart, behind what it has waiting already; a dataset that waits for nothing begins
 * now. So the hundredth save of one editor comes after the first of another. Turns that were given stay until the request
 * is answered. `crowd`: how many stand at the same host, which may not be at work on as many at a time.
 */
const TURNS = `
  with asked as (
    select a.resource_id, a.dataset_id, a.host, a.turn_at as given, a.turn_seq > a.done_seq as has_turn,
      row_number() over (partition by a.dataset_id, a.turn_seq > a.done_seq order by w.place) as rank,
      row_number() over (partition by a.host order by w.place) as host_rank
    from unnest(cast(:ids as text[])) with ordinality as w (id, place) join :schema:.archival as a on a.resource_id = w.id
    where a.lane = 'priority' and a.request_seq > a.done_seq),
  lasts as (
    select dataset_id, max(turn_at) as last from :schema:.archival
    where ${WANTED} and turn_seq > done_seq and dataset_id in (select dataset_id from asked) group by dataset_id),
  crowds as (
    select host, count(*) as waiting from :schema:.archival
    where ${WANTED} and host in (select host from asked) and resource_id <> all(cast(:ids as text[])) group by host),
  given as (
    update :schema:.archival as a set turn_seq = a.request_seq,
      turn_at = greatest(cast(:now as timestamptz), lasts.last + interval '1 second') + (asked.rank - 1) * interval '1 second'
    from asked left join lasts using (dataset_id)
    where a.resource_id = asked.resource_id and not asked.has_turn returning a.resource_id, a.turn_at)
  select asked.resource_id as "resourceId",
    ${moment(`coalesce(given.turn_at, asked.given) + (coalesce(crowds.waiting, 0) + asked.host_rank - 1) * interval '1 second'`)}
      as "turnAt"
  from asked left join given using (resource_id) left join crowds on crowds.host = asked.host`;

/** Whatever is wanted and free, also before its job would come back for it, but not what waits for a retry. */
const NEXT_WAITING = `
  select asked.host, next.* from unnest(cast(:hosts as text[])) as asked (host) cross join lateral (
    select resource_id as "resourceId", dataset_id as "datasetId" from :schema:.archival
    where ${WANTED} and host = asked.host and ${FREE} and (next_check_at <= :now or next_check_at = parked_until)
    order by turn_at nulls first, resource_id limit 1) as next`;

const PARK = `
  update :schema:.archival
  set next_check_at = greatest(next_check_at, :until), parked_until = greatest(next_check_at, :until)
  where resource_id = :resourceId and request_seq > done_seq and ${FREE}`;

/** The part of {@link Archivals} by which interactive requests take turns. */
export class ArchivalTurns implements TurnMethods {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  async turns(resourceIds: readonly string[], now: Date): Promise<ReadonlyMap<string, Date>> {
    if (resourceIds.length === 0) return new Map();
    const given = await this.#rows<{ resourceId: string; turnAt: Date }>('giving turns', TURNS, {
      ids: resourceIds,
      now,
    });
    return new Map(given.map(({ resourceId, turnAt }) => [resourceId, turnAt]));
  }

  async nextWaiting(host: string, by: { readonly now: Date }): Promise<Waiting | null> {
    return (await this.nextWaitingOf([host], by)).get(host) ?? null;
  }

  async nextWaitingOf(hosts: readonly string[], by: { readonly now: Date }): Promise<ReadonlyMap<string, Waiting>> {
    const rows = await this.#rows<Waiting & { readonly host: string }>(
      'looking for who waits for hosts',
      NEXT_WAITING,
      {
        hosts,
        ...by,
      },
    );
    return new Map(rows.map(({ host, ...waiting }) => [host, waiting]));
  }

  async park(resourceId: string, until: Date): Promise<void> {
    await this.#rows('letting an archival wait for its host', PARK, { resourceId, until });
  }
}
