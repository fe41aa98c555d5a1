import type { Archival, Lane, Lease } from '../model/archival.ts';
import type { Known } from '../model/attempt.ts';
import type { Code } from '../model/status.ts';

export interface ArchivalRow {
  readonly resource_id: string;
  readonly dataset_id: string;
  readonly url: string;
  readonly host: string;
  readonly code: Code | null;
  readonly reason: string | null;
  readonly broken: boolean | null;
  readonly attempts: number;
  readonly retrying: boolean;
  readonly failure_count: number;
  readonly first_failure_at: Date | null;
  readonly last_success_at: Date | null;
  readonly checked_at: Date | null;
  readonly next_check_at: Date | null;
  readonly fresh_until: Date | null;
  readonly unchanged_count: number;
  readonly changed_count: number;
  readonly known: Known | null;
  readonly final_url: string | null;
  readonly moved: boolean;
  readonly copy_id: string | null;
  readonly lane: Lane;
  readonly request_seq: string;
  readonly done_seq: string;
  readonly run_ids: string[];
}

export interface LeaseRow extends ArchivalRow {
  readonly lease_owner: string;
  readonly lease_token: string;
  readonly key_at: Date;
  readonly abandoned: Date[];
  /** The sweep that found it due. */
  readonly sweep_id: string | null;
}

/** bigint columns arrive as text; ours stay far below 2^53. */
export function archivalOf(row: ArchivalRow): Archival {
  const { url, host, code, reason, broken, attempts, known, moved, lane } = row;
  return {
    url,
    host,
    code,
    reason,
    broken,
    attempts,
    known,
    moved,
    lane,
    resourceId: row.resource_id,
    datasetId: row.dataset_id,
    failureCount: row.failure_count,
    firstFailureAt: row.first_failure_at,
    lastSuccessAt: row.last_success_at,
    checkedAt: row.checked_at,
    nextCheckAt: row.next_check_at,
    freshUntil: row.fresh_until,
    unchangedCount: row.unchanged_count,
    changedCount: row.changed_count,
    finalUrl: row.final_url,
    copyId: row.copy_id,
    requestSeq: Number(row.request_seq),
    doneSeq: Number(row.done_seq),
    runIds: row.run_ids,
  };
}

export function leaseOf(row: LeaseRow): Lease {
  const { sweep_id, run_ids } = row;
  const runIds = sweep_id === null || run_ids.includes(sweep_id) ? run_ids : [sweep_id, ...run_ids];
  // A check that no retry belongs to begins anew.
  const attempts = row.retrying ? row.attempts : 0;
  const archival = { ...archivalOf(row), runIds, attempts };
  return {
    archival,
    resourceId: row.resource_id,
    owner: row.lease_owner,
    token: Number(row.lease_token),
    requestSeq: archival.requestSeq,
    keyAt: row.key_at,
    abandonedKeyAts: row.abandoned,
    requested: archival.requestSeq > archival.doneSeq,
  };
}
