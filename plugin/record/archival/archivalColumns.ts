import type { Archival, Lease } from '../../model/archival.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';

/** Nobody holds it, or who did is dead. */
export const FREE = '(lease_until is null or lease_until < clock_timestamp())';

/** bigint columns and arrays would arrive as text; our numbers stay far below 2^53. */
const COLUMNS = {
  resourceId: 'resource_id',
  datasetId: 'dataset_id',
  url: 'url',
  host: 'host',
  code: 'code',
  reason: 'reason',
  broken: 'broken',
  confirmed: 'confirmed',
  attempts: 'attempts',
  failureCount: 'failure_count',
  linkFailureCount: 'link_failure_count',
  firstFailureAt: moment('first_failure_at'),
  lastSuccessAt: moment('last_success_at'),
  checkedAt: moment('checked_at'),
  nextCheckAt: moment('next_check_at'),
  freshUntil: moment('fresh_until'),
  unchangedCount: 'unchanged_count',
  changedCount: 'changed_count',
  known: 'known',
  finalUrl: 'final_url',
  moved: 'moved',
  copyId: 'copy_id',
  lane: 'lane',
  requestSeq: 'request_seq::float8',
  doneSeq: 'done_seq::float8',
  runIds: 'to_jsonb(run_ids)',
} as const satisfies Record<keyof Archival, string>;

const LEASE_COLUMNS = {
  ...COLUMNS,
  owner: 'lease_owner',
  token: 'lease_token::float8',
  keyAt: moment('key_at'),
  abandonedKeyAts: moment('abandoned'),
  retrying: 'retrying',
  sweepId: 'sweep_id',
} as const satisfies Record<keyof LeaseRow, string>;

/** The columns of an archival, as the members of {@link Archival}. */
export const ARCHIVAL_LIST = selectList(COLUMNS);

/** The columns of an archival that has just been leased, as the members of {@link LeaseRow}. */
export const LEASE_LIST = selectList(LEASE_COLUMNS);

/** The sweeps that are open, the oldest first: few, so that they are read once for all rows of a statement. */
export const OPEN_SWEEPS = `
  open_sweeps as materialized (
    select id, created_at from :schema:.run where kind = 'sweep' and state in ('queued', 'running') order by created_at)`;

/** Of {@link OPEN_SWEEPS}, the one that a row of the bulk lane belongs to: the first that began after it fell due. */
export const openSweepOf = (row: string): string =>
  `(select id from open_sweeps where created_at >= ${row}.next_check_at limit 1)`;

/**
 * Locks the rows (`a`) whose leases, `:ids` and `:tokens`, still hold, and selects of them. All lock in one order, else a renewal and a
 * group of records wait for each other in a circle; each row is looked up by itself, for a join would read all of a table that is
 * not much larger than the group.
 */
export const heldRows = (list: string): string => `
  select held.* from (
    select * from unnest(cast(:ids as text[]), cast(:tokens as bigint[])) as lease (resource_id, token) order by resource_id) as lease
  cross join lateral (
    select ${list} from :schema:.archival as a
    where a.resource_id = lease.resource_id and a.lease_token = lease.token and a.lease_owner is not null
    for update of a) as held`;

/** A leased archival and what its lease is made of. */
export interface LeaseRow extends Archival, Pick<Lease, 'owner' | 'token' | 'keyAt' | 'abandonedKeyAts'> {
  readonly retrying: boolean;
  /** The sweep that found it due. */
  readonly sweepId: string | null;
}

/** The lease that such a row stands for: its sweep is one of its runs, and a check that retries nothing begins at 0. */
export function leaseOf({ owner, token, keyAt, abandonedKeyAts, retrying, sweepId, ...row }: LeaseRow): Lease {
  const runIds = sweepId === null || row.runIds.includes(sweepId) ? row.runIds : [sweepId, ...row.runIds];
  const { resourceId, requestSeq, doneSeq } = row;
  return {
    archival: { ...row, runIds, attempts: retrying ? row.attempts : 0 },
    resourceId,
    owner,
    token,
    requestSeq,
    keyAt,
    abandonedKeyAts,
    requested: requestSeq > doneSeq,
    sweepId,
  };
}
