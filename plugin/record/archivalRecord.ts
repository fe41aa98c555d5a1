import type { Knex } from 'knex';
import type { Catalog } from '../portal/Portal.ts';
import { insertCopies } from './copyTable.ts';
import type { Database } from './Database.ts';
import { insertDeliveries } from './deliveryTable.ts';
import type { ArchivalRecord, Archivals, Recorded } from './Records.ts';
import { countInRuns } from './runTable.ts';
import { writeTaskStatuses } from './taskStatusTable.ts';

interface Mine {
  readonly resource_id: string;
  readonly request_seq: string;
}

const UPDATE = `
  update :schema:.archival as a
  set dataset_id = i.dataset_id, code = i.code, reason = i.reason, broken = i.broken,
    attempts = case when i.wanted_again then 0 else i.attempts end, retrying = not i.settled,
    failure_count = i.failure_count, first_failure_at = i.first_failure_at, last_success_at = i.last_success_at,
    checked_at = i.checked_at, fresh_until = i.fresh_until, unchanged_count = i.unchanged_count,
    changed_count = i.changed_count, known = i.known, final_url = i.final_url, moved = i.moved,
    url = case when i.wanted_again then a.url else i.url end, host = case when i.wanted_again then a.host else i.host end,
    copy_id = coalesce((select c.id from :schema:.copy as c where c.key = i.copy_key), a.copy_id),
    done_seq = case when i.settled then greatest(a.done_seq, i.request_seq) else a.done_seq end,
    lane = case when i.settled and not i.wanted_again then 'bulk' else a.lane end,
    next_check_at = case when i.wanted_again then now() else i.next_check_at end,
    run_ids = case when i.settled
      then array(select run from unnest(a.run_ids) as run where run <> all (array(select jsonb_array_elements_text(i.run_ids))))
      -- A retry still belongs to the sweep that found the resource due.
      else array(select run from jsonb_array_elements_text(i.run_ids) as run where run <> all (a.run_ids)) || a.run_ids end,
    lease_owner = null, lease_until = null, open_keys = '{}'
  from jsonb_to_recordset(cast(:outcomes as jsonb)) as i (resource_id text, dataset_id text, url text, host text, code text,
    reason text, broken boolean, attempts int, failure_count int, first_failure_at timestamptz,
    last_success_at timestamptz, checked_at timestamptz, next_check_at timestamptz, fresh_until timestamptz,
    unchanged_count int, changed_count int, known jsonb, final_url text, moved boolean, copy_key text, settled boolean,
    wanted_again boolean, request_seq bigint, run_ids jsonb)
  where a.resource_id = i.resource_id`;

/** Writes a group of outcomes in one transaction. What is no longer leased by its worker is left out whole. */
export function createRecord(database: Database, writeBack: Catalog['writeBack']): Archivals['record'] {
  const { knex, guard, rows } = database;

  async function lockMine(outcomes: readonly ArchivalRecord[], on: Knex): Promise<Map<string, number>> {
    const mine = await rows<Mine>(
      'checking leases',
      `select a.resource_id, a.request_seq from :schema:.archival as a
       join unnest(cast(:ids as text[]), cast(:tokens as bigint[])) as held (resource_id, token)
         on a.resource_id = held.resource_id and a.lease_token = held.token
       where a.lease_owner is not null order by a.resource_id for update of a`,
      { ids: outcomes.map(({ lease }) => lease.resourceId), tokens: outcomes.map(({ lease }) => lease.token) },
      on,
    );
    return new Map(mine.map(({ resource_id, request_seq }) => [resource_id, Number(request_seq)]));
  }

  return (outcomes) =>
    guard('recording outcomes', () =>
      knex.transaction(async (transaction) => {
        const wanted = await lockMine(outcomes, transaction);
        const mine = outcomes.filter(({ lease }) => wanted.has(lease.resourceId));
        const wantedAgain = ({ lease }: ArchivalRecord) => (wanted.get(lease.resourceId) ?? 0) > lease.requestSeq;

        await insertCopies(
          database,
          mine.flatMap(({ copy }) => copy ?? []),
          transaction,
        );
        const updates = mine.map((outcome) => updateOf(outcome, wantedAgain(outcome)));
        if (mine.length > 0)
          await rows('recording outcomes', UPDATE, { outcomes: JSON.stringify(updates) }, transaction);
        await writeTaskStatuses(
          database,
          mine.map(({ taskStatus }) => taskStatus),
          transaction,
        );
        const changes = mine.flatMap((outcome) => outcome.writeBack ?? []);
        if (changes.length > 0) await writeBack(changes, transaction);
        const now = new Date();
        await insertDeliveries(
          database,
          mine.flatMap(({ deliveries }) => deliveries),
          now,
          transaction,
        );
        // Last: all workers of a sweep count in the same row, which stays locked from here to the commit.
        const ended = await countInRuns(
          database,
          mine.filter(({ settled }) => settled),
          transaction,
        );

        return outcomes.map((outcome): Recorded => {
          const { lease } = outcome;
          const isMine = wanted.has(lease.resourceId);
          const endedRunIds = isMine && outcome.settled ? lease.archival.runIds.filter((id) => ended.has(id)) : [];
          // The end of a run is told by one of the outcomes that ended it.
          for (const id of endedRunIds) ended.delete(id);
          return {
            resourceId: lease.resourceId,
            result: isMine ? 'recorded' : 'lease-lost',
            wantedAgain: isMine && wantedAgain(outcome),
            endedRunIds,
          };
        });
      }),
    );
}

function updateOf({ lease, archival, datasetId, copy, settled }: ArchivalRecord, wantedAgain: boolean): object {
  return {
    resource_id: lease.resourceId,
    dataset_id: datasetId,
    url: archival.url,
    host: archival.host,
    code: archival.code,
    reason: archival.reason,
    broken: archival.broken,
    attempts: archival.attempts,
    failure_count: archival.failureCount,
    first_failure_at: archival.firstFailureAt,
    last_success_at: archival.lastSuccessAt,
    checked_at: archival.checkedAt,
    next_check_at: archival.nextCheckAt,
    fresh_until: archival.freshUntil,
    unchanged_count: archival.unchangedCount,
    changed_count: archival.changedCount,
    known: archival.known,
    final_url: archival.finalUrl,
    moved: archival.moved,
    copy_key: copy?.key ?? null,
    settled: settled || wantedAgain,
    wanted_again: wantedAgain,
    request_seq: lease.requestSeq,
    run_ids: lease.archival.runIds,
  };
}
