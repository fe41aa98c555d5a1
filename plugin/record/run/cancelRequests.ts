import { CODES } from '../../model/status.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import { FREE } from '../archival/archivalColumns.ts';
import type { Database } from '../database/Database.ts';

/**
 * Requests of this run alone are withdrawn, their resources due again in a day; what a save or another run asked for as
 * well stays requested. task_status says again what is confirmed, or nothing when no archival had ended.
 */
const DROP = `
  with dropped as (
    update :schema:.archival
    set run_ids = '{}', done_seq = request_seq, lane = 'bulk', next_check_at = cast(:now as timestamptz) + interval '1 day'
    where run_ids = array[:runId] and unrun_seq <= done_seq and ${FREE}
    returning *),
  shared as (
    update :schema:.archival set run_ids = array_remove(run_ids, :runId)
    where run_ids @> array[:runId] and run_ids <> '{}' and ${FREE}
      and not (run_ids = array[:runId] and unrun_seq <= done_seq)),
  ended as (
    select resource_id, checked_at, jsonb_build_object('code', code, 'reason', coalesce(reason, ''), 'broken', broken) as last,
      attempts, broken,
      -- As decide/confirmed.ts has it, but for what a version before the column recorded: there the last attempt stands.
      case when broken is distinct from false and (last_success_at is null or last_success_at <= (confirmed ->> 'at')::timestamptz)
        then confirmed end as confirmed
    from dropped where code is not null),
  told as (
    select *, coalesce(confirmed, last) as outcome,
      case when broken = false then false when confirmed ->> 'broken' = 'true' then true end as is_broken from ended),
  restored as (
    update :schema:.task_status as t
    set state = case when d.outcome ->> 'broken' = 'false' then 'success' else 'failure' end,
      error = case when d.outcome ->> 'broken' = 'false' then '' else d.outcome ->> 'reason' end,
      value = json_build_object('code', d.outcome ->> 'code', 'status', cast(:statuses as jsonb) ->> (d.outcome ->> 'code'),
        'reason', d.outcome ->> 'reason', 'attempts', d.attempts, 'runId', null, 'is_broken', d.is_broken,
        'lastAttempt', d.last || jsonb_build_object('at', d.checked_at, 'status', cast(:statuses as jsonb) ->> (d.last ->> 'code')))::text,
      last_updated = d.checked_at
    from told as d
    where t.entity_id = d.resource_id and t.task_type = 'archiver' and t.key = 'status')
  delete from :schema:.task_status
  where entity_id in (select resource_id from dropped where code is null) and task_type = 'archiver' and key = 'status'`;

/** Resources that were not begun lose the request of this run. */
export async function cancelRequests(
  { rows }: Database,
  { runId, now }: { readonly runId: string; readonly now: Date },
  on: HostTransaction,
): Promise<void> {
  const statuses = Object.fromEntries(Object.entries(CODES).map(([code, { status }]) => [code, status]));
  await rows('cancelling a run', DROP, { runId, now, statuses: JSON.stringify(statuses) }, on);
}
