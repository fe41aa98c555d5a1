import { datasetBlock, type ResourceBlock, type TaskStatusRow } from 'portal-archiver';
import type { Dataset, ResourceRow } from './catalogue.ts';

/** CKAN's spelling of a time: UTC without a zone, microseconds. */
export const ckanTime = (moment: Date): string => moment.toISOString().replace('Z', '000');

/** A resource as the API shows it, with the block that CKAN's archiver adds. */
export function resourceView(row: ResourceRow, archiver: ResourceBlock | null) {
  const { size, created, metadata_modified, cache_url = null, cache_last_updated, ...fields } = row;
  return {
    ...fields,
    size: size === null ? null : Number(size),
    created: ckanTime(created),
    metadata_modified: ckanTime(metadata_modified),
    cache_url,
    cache_last_updated: cache_last_updated ? ckanTime(cache_last_updated) : null,
    archiver,
  };
}

/** A dataset as the API shows it, with the worst of its resources for all. */
export function datasetView(dataset: Dataset, blocks: ReadonlyMap<string, ResourceBlock>) {
  const { resources, organization, metadata_created, metadata_modified, ...fields } = dataset;
  return {
    ...fields,
    metadata_created: ckanTime(metadata_created),
    metadata_modified: ckanTime(metadata_modified),
    organization: organization && { ...organization, type: 'organization', is_organization: true },
    num_resources: resources.length,
    resources: resources.map((row) => resourceView(row, blocks.get(row.id) ?? null)),
    archiver: datasetBlock(blocks.values()),
  };
}

/** A row of CKAN's `task_status`, as its action `task_status_show` answers. */
export function taskStatusView({
  id,
  entityId,
  entityType,
  taskType,
  key,
  value,
  state,
  error,
  lastUpdated,
}: TaskStatusRow) {
  return {
    id,
    entity_id: entityId,
    entity_type: entityType,
    task_type: taskType,
    key,
    value,
    state,
    error,
    last_updated: ckanTime(lastUpdated),
  };
}
