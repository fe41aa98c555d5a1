import type { Request } from 'express';
import { type DatasetBlock, datasetBlock } from '../../decide/ckan/archiverBlock.ts';
import { ckanTime } from '../../decide/ckan/ckanTime.ts';
import { ArchiverError } from '../../errors.ts';
import { may, requireVisible } from '../access.ts';
import { describeDataset, pageOfDataset } from '../datasets.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import type { Shaped } from '../shapes/parts.ts';
import { archiverBlocks } from './archiverBlocks.ts';
import type { OF_DATASET, OF_RESOURCE, OF_TASK_STATUS } from './ckanInput.ts';

type ById = Shaped<typeof OF_RESOURCE | typeof OF_DATASET>;
type ByTask = Shaped<typeof OF_TASK_STATUS>;

/** Resources of a dataset that are read together. */
const AT_A_TIME = 1000;

/**
 * `archiver_resource_show` of CKAN's archiver: what is known of a resource (`id`). Throws `not-found` also where no attempt has
 * ended yet, as it does.
 */
export async function archiverResourceShow(deps: HandlerDeps, request: Request, { id }: ById): Promise<object> {
  const resource = await deps.catalog.getResource(id);
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  const { datasetId } = resource;
  await requireVisible(deps, request, 'archive.read', { datasetId, resourceId: id }, `resource ${id}`);
  const block = (await archiverBlocks(deps, [id])).get(id);
  if (!block) throw new ArchiverError('not-found', `The resource ${id} has not been archived yet.`);
  return { id, package_id: datasetId, resource_id: id, ...block };
}

/** `archiver_dataset_show` of CKAN's archiver: the worst of a dataset's resources; `id` may be its name. */
export async function archiverDatasetShow(deps: HandlerDeps, request: Request, { id: wanted }: ById): Promise<object> {
  const dataset = await describeDataset(deps.catalog, wanted);
  if (!dataset) throw new ArchiverError('not-found', `There is no dataset ${wanted}.`);
  const { id } = dataset;
  await requireVisible(deps, request, 'archive.read', { datasetId: id, resourceId: null }, `dataset ${wanted}`);
  let worst: DatasetBlock | null = null;
  for (let after: string | null = null; ; ) {
    const page = await pageOfDataset(deps.catalog, id, { after, limit: AT_A_TIME });
    const ids = page.entries.map((resource) => resource.id);
    worst = datasetBlock([worst, ...(await archiverBlocks(deps, ids)).values()]);
    if (page.next === null) break;
    after = page.next;
  }
  if (!worst) throw new ArchiverError('not-found', `Nothing of the dataset ${wanted} has been archived yet.`);
  return worst;
}

/** `task_status_show` of CKAN: by `id`, or by `entity_id`, `task_type` and `key`; of resources that the caller may see. */
export async function taskStatusShow(deps: HandlerDeps, request: Request, input: ByTask): Promise<object> {
  const row = await taskStatusOf(deps, input);
  const resource = row && (await deps.catalog.getResource(row.entityId));
  const subject = { datasetId: resource?.datasetId ?? null, resourceId: row?.entityId ?? null };
  if (!row || !resource || !(await may(deps, request, 'archive.read', subject)))
    throw new ArchiverError('not-found', 'There is no such task_status.');
  return {
    id: row.id,
    entity_id: row.entityId,
    entity_type: row.entityType,
    task_type: row.taskType,
    key: row.key,
    value: row.value,
    state: row.state,
    error: row.error,
    last_updated: ckanTime(row.lastUpdated),
  };
}

async function taskStatusOf({ records }: HandlerDeps, { id, entity_id: entityId, task_type: taskType, key }: ByTask) {
  if (id !== undefined) return records.taskStatus.byId(id);
  return taskType === 'archiver' && key === 'status' ? records.taskStatus.get(entityId ?? '') : null;
}
