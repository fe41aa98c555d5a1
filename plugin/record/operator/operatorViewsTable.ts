import type { Run } from '../../model/run.ts';
import type { Database } from '../database/Database.ts';
import { isUnstorable } from '../database/isUnstorable.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { FailedResource, OperatorViews, Part, RunFilter, RunScope } from '../OperatorViews.ts';
import { RUN_LIST } from '../run/runTable.ts';

const RUNS = `
  select ${RUN_LIST} from :schema:.run
  where (cast(:kind as text) is null or kind = :kind) and (cast(:state as text) is null or state = :state)
    and (cast(:after as text) is null
      or (created_at, id) < (select created_at, id from :schema:.run where id = :after))
  order by created_at desc, id desc limit :limit`;

const FAILED_LIST = selectList(
  {
    resourceId: 'resource_id',
    datasetId: 'dataset_id',
    url: 'url',
    host: 'host',
    code: 'code',
    reason: 'reason',
  } satisfies Record<Exclude<keyof FailedResource, 'checkedAt'>, string>,
  'a',
);

/** What works, and what was chosen not to be kept, has not failed. */
const FAILED = `
  select ${FAILED_LIST}, ${moment('a.checked_at')} as "checkedAt"
  from :schema:.archival as a
  where a.checked_at between :from and :to and a.broken is distinct from false and a.code is not null
    and (cast(:datasetId as text) is null or a.dataset_id = :datasetId)
    and (cast(:resourceId as text) is null or a.resource_id = :resourceId)
    and (cast(:after as text) is null or (a.checked_at, a.resource_id) > (
      select checked_at, resource_id from :schema:.archival where resource_id = :after))
  order by a.checked_at, a.resource_id limit :limit`;

/** {@link OperatorViews} in PostgreSQL. */
export class OperatorViewsTable implements OperatorViews {
  readonly #rows: Database['rows'];

  constructor({ rows }: Database) {
    this.#rows = rows;
  }

  runs(filter: RunFilter, part: Part): Promise<Run[]> {
    return this.#read('reading runs', RUNS, { ...filter, ...part });
  }

  failed(scope: RunScope, part: Part): Promise<FailedResource[]> {
    return this.#read('reading what failed in a run', FAILED, { ...scope, ...part });
  }

  /** Nothing comes after, or is called, what PostgreSQL cannot store. */
  async #read<Row>(doing: string, sql: string, bindings: Readonly<Record<string, unknown>>): Promise<Row[]> {
    const isNothing = Object.values(bindings).some((value) => typeof value === 'string' && isUnstorable(value));
    return isNothing ? [] : this.#rows<Row>(doing, sql, bindings);
  }
}
