import type { Catalog } from '../portal/Portal.ts';
import { createArchivalLeases } from './archivalLeases.ts';
import { createRecord } from './archivalRecord.ts';
import { type ArchivalRow, archivalOf } from './archivalRow.ts';
import type { Database } from './Database.ts';
import type { Archivals, SweepCost } from './Records.ts';
import { requestArchivals } from './requestArchivals.ts';

/** Hosts by a loose index scan: one look-up a host instead of a walk over all that is due. */
const FRONT = `
  with recursive front as (
    (select host, next_check_at from :schema:.archival
     where lane = 'bulk' and next_check_at is not null order by host, next_check_at limit 1)
    union all
    select n.host, n.next_check_at from front cross join lateral (
      select host, next_check_at from :schema:.archival
      where lane = 'bulk' and next_check_at is not null and host > front.host order by host, next_check_at limit 1) as n)`;

const DUE_HOSTS = `${FRONT}
  select host, next_check_at as "dueAt" from front where next_check_at <= :now order by next_check_at limit :limit`;

/** Every part is served by an index and ends early, for health asks every few seconds. */
const BACKLOG = `${FRONT},
  due as (select host, next_check_at from front where next_check_at <= :now),
  wanted as (
    select count(*)::int as count, min(next_check_at) as oldest from :schema:.archival
    where lane = 'priority' and request_seq > done_seq and next_check_at <= :now)
  select wanted.count + (
      select count(*)::int from (
        select from due cross join lateral (
          select from :schema:.archival as a
          where a.lane = 'bulk' and a.next_check_at is not null and a.host = due.host and a.next_check_at <= :now) as one
        limit 100000) as counted) as due,
    least(wanted.oldest, (select min(next_check_at) from due)) as "oldestDueAt",
    (select count(*)::int from :schema:.archival where lease_until >= clock_timestamp()) as leased,
    (select max(checked_at) from :schema:.archival where checked_at is not null) as "lastSuccessAt"
  from wanted`;

const COST = `
  select count(*) filter (where is_due)::int as "dueRequests", count(*)::int as "allRequests",
    coalesce(sum(bytes) filter (where is_due), 0)::float8 as "dueBytes", coalesce(sum(bytes), 0)::float8 as "allBytes",
    count(distinct host) filter (where is_due)::int as "dueHosts", count(distinct host)::int as "allHosts"
  from (
    select host, bool_or(next_check_at <= :now) as is_due, max((known ->> 'bytes')::bigint) as bytes
    from :schema:.archival where host <> '' group by host, url) as urls`;

export function createArchivalTable(database: Database, writeBack: Catalog['writeBack']): Archivals {
  const { rows } = database;
  return {
    ...createArchivalLeases(database),
    record: createRecord(database, writeBack),

    async get(resourceId) {
      const [row] = await rows<ArchivalRow>(
        'reading an archival',
        'select * from :schema:.archival where resource_id = :resourceId',
        { resourceId },
      );
      return row ? archivalOf(row) : null;
    },
    async getMany(resourceIds) {
      const sql = 'select * from :schema:.archival where resource_id = any(cast(:resourceIds as text[]))';
      return (await rows<ArchivalRow>('reading archivals', sql, { resourceIds })).map(archivalOf);
    },
    async listByDataset(datasetId) {
      const sql = 'select * from :schema:.archival where dataset_id = :datasetId order by resource_id';
      return (await rows<ArchivalRow>('reading archivals', sql, { datasetId })).map(archivalOf);
    },

    request: (requests, how) => requestArchivals(database, requests, how),

    dueHosts: (now, limit) => rows('looking for due hosts', DUE_HOSTS, { now, limit }),

    async lostRequests(now, idleMs, limit) {
      const found = await rows<{ resource_id: string }>(
        'looking for lost jobs',
        `select resource_id from :schema:.archival
         where lane = 'priority' and request_seq > done_seq and next_check_at < :before
           and (lease_until is null or lease_until < clock_timestamp())
         order by next_check_at limit :limit`,
        { before: new Date(now.getTime() - idleMs), limit },
      );
      return found.map(({ resource_id }) => resource_id);
    },

    async backlog(now) {
      const [row] = await rows<{ due: number; oldestDueAt: Date | null; leased: number; lastSuccessAt: Date | null }>(
        'counting what is due',
        BACKLOG,
        { now },
      );
      return row ?? { due: 0, oldestDueAt: null, leased: 0, lastSuccessAt: null };
    },

    async cost(now) {
      const [row] = await rows<Partial<Record<string, number>>>('adding up what is due', COST, { now });
      const costOf = (which: 'due' | 'all'): SweepCost => ({
        requests: row?.[`${which}Requests`] ?? 0,
        bytes: row?.[`${which}Bytes`] ?? 0,
        hosts: row?.[`${which}Hosts`] ?? 0,
      });
      return { due: costOf('due'), all: costOf('all') };
    },

    async differing(resources) {
      const found = await rows<{ id: string }>(
        'comparing the catalogue',
        `select r.id from unnest(cast(:ids as text[]), cast(:urls as text[])) as r (id, url)
         left join :schema:.archival as a on a.resource_id = r.id where a.resource_id is null or a.url <> r.url`,
        { ids: resources.map(({ id }) => id), urls: resources.map(({ url }) => url) },
      );
      return new Set(found.map(({ id }) => id));
    },

    async forget(resourceIds) {
      await rows(
        'forgetting resources',
        `with gone as (delete from :schema:.archival where resource_id = any(cast(:resourceIds as text[])))
         delete from :schema:.task_status
         where entity_id = any(cast(:resourceIds as text[])) and task_type = 'archiver' and key = 'status'`,
        { resourceIds },
      );
    },

    countByCode: () =>
      rows(
        'counting codes',
        'select code, broken, count(*)::int as count from :schema:.archival group by code, broken',
      ),
  };
}
