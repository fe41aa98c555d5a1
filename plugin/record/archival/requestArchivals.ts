import type { ArchivalRequest, Lane } from '../../model/archival.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';

/** A resource remembers no more: an older run counts it as superseded, for the newer one asks for the same. */
const MAX_WAITING_RUNS = 100;

/**
 * Whether somebody works on a resource already is read from its locked row, whatever it was when the statement began: the
 * record of an earlier request may commit meanwhile, and its worker would not come again. The join makes the lock come
 * before the change.
 */
const REQUEST = `
  with request as (
    select * from unnest(cast(:ids as text[]), cast(:datasetIds as text[]), cast(:urls as text[]), cast(:hosts as text[]))
      as w (resource_id, dataset_id, url, host)),
  known as (
    select resource_id, run_ids, request_seq > done_seq
      and (lease_until >= clock_timestamp() or (attempts = 0 and lane = 'priority')) as has_job
    from :schema:.archival where resource_id = any(cast(:ids as text[])) order by resource_id for update),
  kept as (
    insert into :schema:.archival as a
      (resource_id, dataset_id, url, host, lane, request_seq, unrun_seq, next_check_at, run_ids)
    select resource_id, dataset_id, url, host, :lane, 1, case when cast(:runId as text) is null then 1 else 0 end, :now,
      array_remove(array[cast(:runId as text)], null) from request left join known using (resource_id) order by resource_id
    on conflict (resource_id) do update
    set dataset_id = excluded.dataset_id, url = excluded.url, host = excluded.host,
      lane = case when a.request_seq > a.done_seq and a.lane = 'priority' then a.lane else excluded.lane end,
      request_seq = a.request_seq + 1,
      unrun_seq = case when cast(:runId as text) is null then a.request_seq + 1 else a.unrun_seq end,
      next_check_at = excluded.next_check_at, attempts = 0, retrying = false,
      run_ids = (a.run_ids || excluded.run_ids)[greatest(1, cardinality(a.run_ids || excluded.run_ids) - ${MAX_WAITING_RUNS - 1}):]
    returning resource_id),
  dropped as (
    select unnest(run_ids[1:cardinality(run_ids) + 1 - ${MAX_WAITING_RUNS}]) as id from known where cast(:runId as text) is not null),
  superseded as (
    select id, count(*)::int as count from dropped group by id),
  locked as (
    select id from :schema:.run where id in (select id from superseded) order by id for update),
  counted as (
    update :schema:.run as r set done = r.done + s.count,
      counts = r.counts || jsonb_build_object('superseded', coalesce((r.counts ->> 'superseded')::int, 0) + s.count),
      state = case when r.done + s.count >= r.total and r.state <> 'cancelled' then 'done' else r.state end,
      ended_at = case when r.done + s.count >= r.total then coalesce(r.ended_at, :now) else r.ended_at end
    from superseded as s join locked using (id) where r.id = s.id),
  marked as (
  insert into :schema:.task_status as old (entity_id, entity_type, task_type, key, value, state, error, last_updated)
  select resource_id, 'resource', 'archiver', 'status', :value, 'pending', '', :now from kept
  on conflict (entity_id, task_type, key) do update
  set value = excluded.value, state = excluded.state, error = excluded.error, last_updated = excluded.last_updated)
  select resource_id from kept where resource_id not in (select resource_id from known where has_job)`;

/** Requests these archivals, in the transaction `on` where there is one; answers those that need a new job. */
export async function requestArchivals(
  { rows }: Database,
  requests: readonly ArchivalRequest[],
  how: { readonly lane: Lane; readonly runId: string | null; readonly now: Date },
  on?: HostTransaction,
): Promise<readonly string[]> {
  if (requests.length === 0) return [];
  const bindings = {
    ...how,
    ids: requests.map(({ resourceId }) => resourceId),
    datasetIds: requests.map(({ datasetId }) => datasetId),
    urls: requests.map(({ url }) => url),
    hosts: requests.map(({ host }) => host),
    value: JSON.stringify({ code: null, status: null, reason: null, attempts: 0, runId: how.runId }),
  };
  const unqueued = await rows<{ resource_id: string }>('requesting archivals', REQUEST, bindings, on);
  return unqueued.map(({ resource_id }) => resource_id);
}
