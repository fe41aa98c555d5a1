import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import type { Runs } from '../Runs.ts';

/**
 * A sweep is a run of what was due when it began. No row says which resources these are: a resource belongs to the
 * first open sweep that began after it fell due. So a sweep of a million resources costs one row.
 */
const DUE_SINCE_EARLIER = `a.lane = 'bulk' and a.next_check_at <= r.created_at and a.next_check_at > coalesce((
    select max(e.created_at) from :schema:.run as e
    where e.kind = 'sweep' and e.state in ('queued', 'running') and e.created_at < r.created_at), '-infinity')`;

/** Also sweeps whose process died before it had counted. */
const UNCOUNTED = `(r.id = :id or (r.kind = 'sweep' and r.state in ('queued', 'running') and r.total is null))`;

/** By a statement of its own before: what is recorded while one statement waits for the row would count as done and as due. */
const LOCK = `select r.id from :schema:.run as r where ${UNCOUNTED} order by r.id for update`;

const COUNT = `
  update :schema:.run as r
  set total = r.done + (select count(*)::int from :schema:.archival as a where ${DUE_SINCE_EARLIER})
  where ${UNCOUNTED} returning r.id, r.total`;

/** Resources that interactive requests took over, or that left the portal, do not keep a sweep open. */
const END_EMPTY = `
  update :schema:.run as r set state = 'done', total = r.done, ended_at = :now
  where r.kind = 'sweep' and r.state in ('queued', 'running')
    and not exists (select from :schema:.archival as a where ${DUE_SINCE_EARLIER})
    and not exists (select from :schema:.archival as a where a.run_ids <> '{}' and a.run_ids @> array[r.id])`;

/** What a cancelled sweep has not begun is due again over the next two days, not all in one moment; what a run asked for as well stays due. */
const POSTPONE = `
  update :schema:.archival as a set next_check_at = cast(:now as timestamptz) + interval '1 day' * (1 + random())
  from :schema:.run as r
  where r.id = :id and r.kind = 'sweep' and ${DUE_SINCE_EARLIER}
    and a.run_ids = '{}' and (a.lease_until is null or a.lease_until < clock_timestamp())`;

const DROP_OLD = `
  delete from :schema:.run
  where ended_at < :moment or (kind = 'sweep' and total = 0 and ended_at < :emptyBefore) returning id`;

/** The part of {@link Runs} that is about sweeps. */
export class SweepRuns implements Pick<Runs, 'countSweep' | 'endSweeps' | 'dropEndedBefore'> {
  readonly #database: Database;
  readonly #rows: Database['rows'];

  constructor(database: Database) {
    this.#database = database;
    this.#rows = database.rows;
  }

  async countSweep(id: string): Promise<number> {
    const { guard, knex } = this.#database;
    const count = async (on: HostTransaction) => {
      await this.#rows('locking a sweep', LOCK, { id }, on);
      return this.#rows<{ id: string; total: number }>('counting a sweep', COUNT, { id }, on);
    };
    const counted = await guard('counting a sweep', () => knex.transaction(count));
    return counted.find((run) => run.id === id)?.total ?? 0;
  }

  async endSweeps(now: Date): Promise<void> {
    await this.#rows('ending sweeps', END_EMPTY, { now });
  }

  async dropEndedBefore(moment: Date, emptyBefore: Date): Promise<number> {
    return (await this.#rows('dropping old runs', DROP_OLD, { moment, emptyBefore })).length;
  }
}

/** What a cancelled sweep found due and nobody has begun is due again within two days. In the transaction `on`. */
export async function postponeSweep(
  { rows }: Database,
  { runId, now }: { readonly runId: string; readonly now: Date },
  on: HostTransaction,
): Promise<void> {
  await rows('cancelling a sweep', POSTPONE, { id: runId, now }, on);
}
