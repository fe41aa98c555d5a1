import { type Countable, countersOf } from '../../decide/countersOf.ts';
import type { Lease } from '../../model/archival.ts';
import type { WriteBack } from '../../model/writeBack.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Catalog } from '../../portal/Portal.ts';
import type { ArchivalRecord, Recorded } from '../Archivals.ts';
import { insertDeliveries } from '../coordination/deliveryTable.ts';
import type { Database } from '../database/Database.ts';
import { asRefusal } from '../database/databaseFailed.ts';
import { addToCounters } from '../history/counterTable.ts';
import { ATTEMPTS_KEPT, writeAttempts, writeChanges } from '../history/writeHistory.ts';
import { writeMoves } from '../proposal/writeMoves.ts';
import { heldRows, type LeaseRow, OPEN_SWEEPS, openSweepOf } from './archivalColumns.ts';
import { insertCopies } from './copyTable.ts';
import { countInRuns } from './countInRuns.ts';
import { writeLandings } from './landingTable.ts';
import { writeTaskStatuses } from './taskStatusTable.ts';
import { writeArchivals } from './writeArchivals.ts';

const LOCK_HELD = `with ${OPEN_SWEEPS} ${heldRows(`
  resource_id as "resourceId", request_seq::float8 as "requestSeq", case when lane = 'bulk' then ${openSweepOf('a')} end as "sweepId",
  (attempt_total % ${ATTEMPTS_KEPT})::int as "attemptSlot"`)}`;

/** A leased row: what was asked for by now, the sweep that it belongs to by now, and where its next attempt is noted. */
type Held = Pick<LeaseRow, 'resourceId' | 'requestSeq' | 'sweepId'> & { readonly attemptSlot: number };

/** Writes a group of records in one transaction. What is no longer leased by its worker is left out whole. */
export class ArchivalRecorder {
  readonly #database: Database;
  readonly #writeBack: Catalog['writeBack'];

  constructor(database: Database, writeBack: Catalog['writeBack']) {
    this.#database = database;
    this.#writeBack = writeBack;
  }

  record(records: readonly ArchivalRecord[]): Promise<Recorded[]> {
    const { guard, knex } = this.#database;
    return guard('recording archivals', () => knex.transaction((transaction) => this.#recordIn(transaction, records)));
  }

  async #recordIn(on: HostTransaction, records: readonly ArchivalRecord[]): Promise<Recorded[]> {
    const held = await this.#lockHeld(records, on);
    const heldOf = ({ lease }: ArchivalRecord) => held.get(lease.resourceId);
    const mine = records.filter(heldOf).map((record) => inSweep(record, heldOf(record)?.sweepId ?? null));
    const isWantedAgain = (record: ArchivalRecord) => (heldOf(record)?.requestSeq ?? 0) > record.lease.requestSeq;

    await this.#write(mine, held, isWantedAgain, on);
    // Last: all workers of a sweep count in the same row, which stays locked from here to the commit.
    const settled = mine.filter((record) => record.settled);
    const ended = await countInRuns(this.#database, settled, on);
    const recorded = new Map(
      mine.map((record): [string, Recorded] => {
        const { resourceId } = record.lease;
        const endedRunIds = record.settled ? claimEnded(record.lease, ended) : [];
        return [resourceId, { resourceId, result: 'recorded', wantedAgain: isWantedAgain(record), endedRunIds }];
      }),
    );
    return records.map(({ lease: { resourceId } }) => recorded.get(resourceId) ?? lost(resourceId));
  }

  /** Those whose lease still holds, by resource id. */
  async #lockHeld(records: readonly ArchivalRecord[], on: HostTransaction): Promise<ReadonlyMap<string, Held>> {
    const ids = records.map(({ lease }) => lease.resourceId);
    const tokens = records.map(({ lease }) => lease.token);
    const held = await this.#database.rows<Held>('checking leases', LOCK_HELD, { ids, tokens }, on);
    return new Map(held.map((one) => [one.resourceId, one]));
  }

  async #write(
    records: readonly ArchivalRecord[],
    held: ReadonlyMap<string, Held>,
    isWantedAgain: (record: ArchivalRecord) => boolean,
    on: HostTransaction,
  ): Promise<void> {
    if (records.length === 0) return;
    const database = this.#database;
    const copies = records.flatMap(({ copy }) => copy ?? []);
    await insertCopies(database, copies, on);
    const landings = records.flatMap(({ landing }) => landing ?? []);
    await writeLandings(database, landings, on);
    const histories = records.flatMap(({ history }) => history ?? []);
    await writeChanges(database, histories, on);
    await writeArchivals(database, records, isWantedAgain, on);
    const moves = records.flatMap(({ move }) => move ?? []);
    await writeMoves(database, moves, on);
    const statuses = records.map(({ taskStatus }) => taskStatus);
    await writeTaskStatuses(database, statuses, on);
    const changes = records.flatMap(({ writeBack }) => writeBack ?? []);
    if (changes.length > 0) await this.#writeToHost(changes, on);
    const deliveries = records.flatMap((record) => record.deliveries);
    await insertDeliveries(database, deliveries, null, on);
    const slotOf = (resourceId: string) => held.get(resourceId)?.attemptSlot ?? 0;
    await writeAttempts(database, histories, slotOf, on);
    await addToCounters(database, countersOf(records.map(countableOf)), on);
  }

  async #writeToHost(changes: readonly WriteBack[], on: HostTransaction): Promise<void> {
    try {
      await this.#writeBack(changes, on);
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

/** A sweep that began while it was under way has counted it as due: it ends there, as if that sweep had found it. */
function inSweep(record: ArchivalRecord, sweepId: string | null): ArchivalRecord {
  const { lease } = record;
  const { runIds } = lease.archival;
  const hadOne = lease.sweepId !== undefined && lease.sweepId !== null;
  if (sweepId === null || hadOne || runIds.includes(sweepId)) return record;
  return { ...record, lease: { ...lease, archival: { ...lease.archival, runIds: [sweepId, ...runIds] } } };
}

const lost = (resourceId: string): Recorded => {
  return { resourceId, result: 'lease-lost', wantedAgain: false, endedRunIds: [] };
};

/** What the metrics count of a record. */
function countableOf({ archival, lease, settled, copy, landing, history }: ArchivalRecord): Countable {
  const stored = [...(copy ? [copy] : []), ...(landing?.copies ?? [])].map(({ bytes }) => bytes);
  return { code: archival.code, lane: lease.archival.lane, settled, stored, attempt: history?.attempt ?? null };
}

/** The runs that ended with this record; a run that ended with several is reported by the first of them alone. */
function claimEnded({ archival }: Lease, ended: Set<string>): readonly string[] {
  return archival.runIds.filter((id) => ended.delete(id));
}
