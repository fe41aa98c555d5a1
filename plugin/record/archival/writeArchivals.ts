import type { ArchivalUpdate } from '../../model/archival.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { ArchivalRecord } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';

/** Column types of what an attempt changes, for reading it from JSON. */
const UPDATE_TYPES = {
  url: 'text',
  host: 'text',
  code: 'text',
  reason: 'text',
  broken: 'boolean',
  confirmed: 'jsonb',
  attempts: 'int',
  failureCount: 'int',
  linkFailureCount: 'int',
  firstFailureAt: 'timestamptz',
  lastSuccessAt: 'timestamptz',
  checkedAt: 'timestamptz',
  nextCheckAt: 'timestamptz',
  freshUntil: 'timestamptz',
  unchangedCount: 'int',
  changedCount: 'int',
  known: 'jsonb',
  finalUrl: 'text',
  moved: 'boolean',
} as const satisfies Record<keyof ArchivalUpdate, string>;

const ROW_TYPES = {
  ...UPDATE_TYPES,
  resourceId: 'text',
  datasetId: 'text',
  copyKey: 'text',
  settled: 'boolean',
  wantedAgain: 'boolean',
  requestSeq: 'bigint',
  openKeys: 'int',
  runIds: 'jsonb',
  tried: 'int',
} as const;

const ROW_COLUMNS = Object.entries(ROW_TYPES)
  .map(([member, type]) => `"${member}" ${type}`)
  .join(', ');

const UPDATE = `
  update :schema:.archival as a
  set dataset_id = i."datasetId", code = i.code, reason = i.reason, broken = i.broken, confirmed = i.confirmed,
    attempts = case when i."wantedAgain" then 0 else i.attempts end, retrying = not i.settled,
    attempt_total = a.attempt_total + i.tried,
    failure_count = i."failureCount", link_failure_count = i."linkFailureCount", first_failure_at = i."firstFailureAt", last_success_at = i."lastSuccessAt",
    checked_at = i."checkedAt", fresh_until = i."freshUntil", unchanged_count = i."unchangedCount",
    changed_count = i."changedCount", known = i.known, final_url = i."finalUrl", moved = i.moved,
    url = case when i."wantedAgain" then a.url else i.url end, host = case when i."wantedAgain" then a.host else i.host end,
    copy_id = coalesce((select c.id from :schema:.copy as c where c.key = i."copyKey"), a.copy_id),
    done_seq = case when i.settled then greatest(a.done_seq, i."requestSeq") else a.done_seq end,
    lane = case when i.settled and not i."wantedAgain" then 'bulk' else a.lane end,
    next_check_at = case when i."wantedAgain" then now() else i."nextCheckAt" end,
    run_ids = case when i.settled
      then array(select run from unnest(a.run_ids) as run where run <> all (array(select jsonb_array_elements_text(i."runIds"))))
      -- A retry still belongs to the sweep that found the resource due.
      else array(select run from jsonb_array_elements_text(i."runIds") as run where run <> all (a.run_ids)) || a.run_ids end,
    lease_owner = null, lease_until = null, open_keys = a.open_keys[i."openKeys" + 1:]
  from jsonb_to_recordset(cast(:records as jsonb)) as i (${ROW_COLUMNS})
  where a.resource_id = i."resourceId"`;

const FAILING_SINCE = `
  case when r.failed_at is not null then coalesce(r.first_failure_at, l.failing_since, r.failed_at) end`;

/**
 * The same, and how the links stand by it. The trigger that follows other updates of archivals row by row is told that these are
 * followed; its condition is looked at when a row is updated. Links are found by an array of keys: for a join alone the planner reads all
 * of a table that is not much larger than the group.
 */
const UPDATE_WITH_LINKS = `
  with recorded as (
      ${UPDATE} and (select set_config('archiver.links', 'written', true)) = 'written'
      returning a.resource_id, a.dataset_id, a.host, a.code,
        case when a.broken is false then -1 else least(a.link_failure_count, 100) end as failures,
        case when a.code is not null and a.broken is distinct from false then a.first_failure_at end as first_failure_at,
        case when a.code is not null and a.broken is distinct from false then coalesce(a.checked_at, now()) end as failed_at),
    linked as (
      update :schema:.link as l
      set dataset_id = r.dataset_id, host = r.host, code = r.code, failures = r.failures, changed_at = clock_timestamp(),
        failing_since = ${FAILING_SINCE}
      from recorded as r
      where l.resource_id = r.resource_id and l.resource_id = any(array(select resource_id from recorded))
        and (l.dataset_id, l.host, l.code, l.failures, l.failing_since)
          is distinct from (r.dataset_id, r.host, r.code, r.failures, ${FAILING_SINCE}))
  select set_config('archiver.links', '', true) where (select count(*) from recorded) >= 0`;

/** What attempts changed of their archivals, in the transaction `on`, which has locked them. */
export async function writeArchivals(
  { rows }: Database,
  records: readonly ArchivalRecord[],
  isWantedAgain: (record: ArchivalRecord) => boolean,
  on: HostTransaction,
): Promise<void> {
  const sql = records.some(changesLink) ? UPDATE_WITH_LINKS : UPDATE;
  const written = records.map((record) => rowOf(record, isWantedAgain(record)));
  await rows('recording archivals', sql, { records: JSON.stringify(written) }, on);
}

/** As far as the lease knew the archival: what somebody changed meanwhile is followed either way. */
function changesLink({ lease, archival, datasetId }: ArchivalRecord): boolean {
  const before = lease.archival;
  return (
    datasetId !== before.datasetId ||
    archival.host !== before.host ||
    archival.code !== before.code ||
    archival.broken !== before.broken ||
    archival.linkFailureCount !== before.linkFailureCount ||
    archival.firstFailureAt?.getTime() !== before.firstFailureAt?.getTime()
  );
}

function rowOf({ lease, archival, datasetId, copy, settled, history }: ArchivalRecord, wantedAgain: boolean) {
  const row: Readonly<Record<keyof typeof ROW_TYPES, unknown>> = {
    ...archival,
    resourceId: lease.resourceId,
    datasetId,
    copyKey: copy?.key ?? null,
    settled: settled || wantedAgain,
    wantedAgain,
    requestSeq: lease.requestSeq,
    // Its own, and those that it was told of. What came after them is for the next lease.
    openKeys: lease.abandonedKeyAts.length + 1,
    runIds: lease.archival.runIds,
    tried: history?.attempt ? 1 : 0,
  };
  return row;
}
