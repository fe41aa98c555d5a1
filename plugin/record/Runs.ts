import type { ArchivalRequest } from '../model/archival.ts';
import type { Run } from '../model/run.ts';
import type { DeliveriesOf } from './Deliveries.ts';

/** What creating a run came to; `unqueued`: as `Archivals.request` answers. */
export interface CreatedRun {
  readonly run: Run;
  readonly result: 'created' | 'repeated' | 'conflict';
  readonly unqueued: readonly string[];
}

/** What requests and sweeps started: one row a run, counted with the records of its resources. */
export interface Runs {
  /**
   * Answers the earlier run of the same caller and key within a day; `conflict` when it asked for something else. The
   * requests of a new run are recorded with it or not at all: a caller that sees the run may rely on them.
   */
  create(
    run: Pick<Run, 'kind' | 'lane' | 'subjectId' | 'datasetId' | 'total'>,
    by: { readonly caller: string | null; readonly idempotencyKey: string | null; readonly now: Date },
    requests?: readonly ArchivalRequest[],
    deliveriesOf?: DeliveriesOf<CreatedRun>,
  ): Promise<CreatedRun>;
  get(id: string): Promise<Run | null>;
  /** The newest first; after the run with this id, where one is given. None when there is no such run. */
  list(limit: number, after?: string | null): Promise<readonly Run[]>;
  /** Resources not yet leased lose the request of this run; answers the run afterwards, null when unknown. */
  cancel(id: string, now: Date): Promise<Run | null>;
  /** A request of the run that will never be recorded (its resource is gone). */
  countDeleted(runIds: readonly string[], now: Date): Promise<void>;
  /** Sets the total of a run that was created before it was counted; ends it when the total is 0. */
  setTotal(id: string, total: number, now: Date): Promise<void>;
  /** Runs over everything whose process died before it had counted them: what it had asked for is their total. */
  countAbandoned(createdBefore: Date, now: Date): Promise<void>;
  /** Sets a sweep's total to what is due and belongs to no earlier sweep that still goes on. Answers it. */
  countSweep(id: string): Promise<number>;
  /** Ends sweeps of whose resources none is left. */
  endSweeps(now: Date): Promise<void>;
  /** Of sweeps that found nothing, those that ended before `emptyBefore`. */
  dropEndedBefore(moment: Date, emptyBefore: Date): Promise<number>;
}
