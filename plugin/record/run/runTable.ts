import type { ArchivalRequest } from '../../model/archival.ts';
import type { Run } from '../../model/run.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import { requestArchivals } from '../archival/requestArchivals.ts';
import { withDeliveries } from '../coordination/deliveryTable.ts';
import type { DeliveriesOf } from '../Deliveries.ts';
import type { Database } from '../database/Database.ts';
import { isUnstorable } from '../database/isUnstorable.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { CreatedRun, Runs } from '../Runs.ts';
import { cancelRequests } from './cancelRequests.ts';
import { postponeSweep, SweepRuns } from './sweepRuns.ts';

type NewRun = Parameters<Runs['create']>[0];
type RunOrigin = Parameters<Runs['create']>[1];

/** The columns of a run, as the members of {@link Run}. */
export const RUN_LIST = selectList({
  id: 'id',
  kind: 'kind',
  lane: 'lane',
  subjectId: 'subject_id',
  datasetId: 'dataset_id',
  state: 'state',
  total: 'total',
  done: 'done',
  counts: 'counts',
  createdAt: moment('created_at'),
  startedAt: moment('started_at'),
  endedAt: moment('ended_at'),
} satisfies Record<keyof Run, string>);

const DAY_MS = 24 * 3600 * 1000;

const ADD = `
  insert into :schema:.run (kind, lane, subject_id, dataset_id, state, total, caller, idempotency_key, created_at)
  values (:kind, :lane, :subjectId, :datasetId, 'queued', :total, :caller, :idempotencyKey, :now) returning ${RUN_LIST}`;

/** Archivals before runs, as everywhere, and in the order of requests: so nobody waits for us while we wait. */
const LOCK_ARCHIVALS = `
  select from :schema:.archival where run_ids @> array[:id] order by resource_id for update`;

const CANCEL = `
  update :schema:.run set state = 'cancelled', ended_at = :now
  where id = :id and state in ('queued', 'running') returning kind`;

const COUNT_DELETED = `
  update :schema:.run set done = done + 1,
    counts = counts || jsonb_build_object('deleted', coalesce((counts ->> 'deleted')::int, 0) + 1),
    state = case when done + 1 >= total and state <> 'cancelled' then 'done' else state end,
    ended_at = case when done + 1 >= total then coalesce(ended_at, :now) else ended_at end
  where id = any(cast(:runIds as text[]))`;

const COUNT_ABANDONED = `
  update :schema:.run as r
  set total = r.done + open.count, state = case when open.count = 0 then 'done' else r.state end,
    ended_at = case when open.count = 0 then coalesce(r.ended_at, :now) else r.ended_at end
  from (
    select id, (select count(*)::int from :schema:.archival as a where a.run_ids <> '{}' and a.run_ids @> array[id]) as count
    from :schema:.run
    where kind = 'all' and state in ('queued', 'running') and total is null and created_at < :createdBefore) as open
  where r.id = open.id`;

const SET_TOTAL = `
  update :schema:.run set total = :total,
    state = case when done >= :total and state <> 'cancelled' then 'done' else state end,
    ended_at = case when done >= :total then coalesce(ended_at, :now) else ended_at end
  where id = :id`;

const SAME_KEY = `coalesce(caller, '') = coalesce(:caller, '') and idempotency_key = :idempotencyKey`;

/** {@link Runs} in PostgreSQL. */
export class RunTable implements Runs {
  readonly #database: Database;
  readonly #sweeps: SweepRuns;

  constructor(database: Database) {
    this.#database = database;
    this.#sweeps = new SweepRuns(database);
  }

  create(
    run: NewRun,
    by: RunOrigin,
    requests: readonly ArchivalRequest[] = [],
    deliveriesOf: DeliveriesOf<CreatedRun> = () => [],
  ): Promise<CreatedRun> {
    const create = (on: HostTransaction) => this.#createIn(on, run, by, requests);
    return withDeliveries(this.#database, { doing: 'noting a run', now: by.now, deliveriesOf }, create);
  }

  async get(id: string): Promise<Run | null> {
    if (isUnstorable(id)) return null;
    const [run] = await this.#select('where id = :id', { id });
    return run ?? null;
  }

  list(limit: number, after: string | null = null): Promise<readonly Run[]> {
    const older = 'where (created_at, id) < (select created_at, id from :schema:.run where id = :after)';
    return this.#select(`${after === null ? '' : older} order by created_at desc, id desc limit :limit`, {
      limit,
      after,
    });
  }

  async cancel(id: string, now: Date): Promise<Run | null> {
    if (isUnstorable(id)) return null;
    const { guard, knex } = this.#database;
    return guard('cancelling a run', () => knex.transaction((on) => this.#cancelIn(on, id, now)));
  }

  async countDeleted(runIds: readonly string[], now: Date): Promise<void> {
    await this.#database.rows('counting deleted resources', COUNT_DELETED, { runIds, now });
  }

  async countAbandoned(createdBefore: Date, now: Date): Promise<void> {
    await this.#database.rows('counting abandoned runs', COUNT_ABANDONED, { createdBefore, now });
  }

  async setTotal(id: string, total: number, now: Date): Promise<void> {
    await this.#database.rows('counting a run', SET_TOTAL, { id, total, now });
  }

  countSweep: Runs['countSweep'] = (id) => this.#sweeps.countSweep(id);
  endSweeps: Runs['endSweeps'] = (now) => this.#sweeps.endSweeps(now);
  dropEndedBefore: Runs['dropEndedBefore'] = (moment, emptyBefore) => this.#sweeps.dropEndedBefore(moment, emptyBefore);

  async #createIn(
    on: HostTransaction,
    run: NewRun,
    by: RunOrigin,
    requests: readonly ArchivalRequest[],
  ): Promise<CreatedRun> {
    const earlier = await this.#claimKey(on, by);
    if (earlier) return { run: earlier, result: isSame(earlier, run) ? 'repeated' : 'conflict', unqueued: [] };
    const [created] = await this.#database.rows<Run>('noting a run', ADD, { ...run, ...by }, on);
    if (!created) throw new RangeError('PostgreSQL returned no row for an insert.');
    const how = { lane: created.lane, runId: created.id, now: by.now };
    return {
      run: created,
      result: 'created',
      unqueued: await requestArchivals(this.#database, requests, how, on),
    };
  }

  async #cancelIn(on: HostTransaction, id: string, now: Date): Promise<Run | null> {
    const { rows } = this.#database;
    await rows('cancelling a run', LOCK_ARCHIVALS, { id }, on);
    const [cancelled] = await rows<Pick<Run, 'kind'>>('cancelling a run', CANCEL, { id, now }, on);
    if (cancelled) await cancelRequests(this.#database, { runId: id, now }, on);
    if (cancelled?.kind === 'sweep') await postponeSweep(this.#database, { runId: id, now }, on);
    const [current] = await this.#select('where id = :id', { id }, on);
    return current ?? null;
  }

  /** The earlier run of the same caller and key within a day; an older one loses its key. null: none, or no key. */
  async #claimKey(on: HostTransaction, { caller, idempotencyKey, now }: RunOrigin): Promise<Run | null> {
    if (idempotencyKey === null) return null;
    const { rows } = this.#database;
    const lock = 'select pg_advisory_xact_lock(hashtext(:text))';
    await rows('locking a key', lock, { text: `${caller} ${idempotencyKey}` }, on);
    const bindings = { caller, idempotencyKey, since: new Date(now.getTime() - DAY_MS) };
    const free = `update :schema:.run set idempotency_key = null where ${SAME_KEY} and created_at < :since`;
    await rows('freeing a key', free, bindings, on);
    const [earlier] = await this.#select(`where ${SAME_KEY}`, bindings, on);
    return earlier ?? null;
  }

  #select(which: string, bindings: Readonly<Record<string, unknown>>, on?: HostTransaction): Promise<Run[]> {
    return this.#database.rows('reading runs', `select ${RUN_LIST} from :schema:.run ${which}`, bindings, on);
  }
}

function isSame(earlier: Run, run: Pick<Run, 'kind' | 'subjectId'>): boolean {
  return earlier.kind === run.kind && earlier.subjectId === run.subjectId;
}
