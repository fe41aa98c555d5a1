import type { ResourceStatus, TaskStatusRow } from 'portal-archiver';
import type { Dataset, ResourceRow } from './catalogue.ts';

/** CKAN's spelling of a time: UTC without a zone, microseconds. */
export const ckanTime = (moment: Date): string => moment.toISOString().replace('Z', '000');

/** A resource as the API shows it, with the block that CKAN's archiver adds. */
export function resourceView(row: ResourceRow, archival: ResourceStatus | null) {
  const { size, created, metadata_modified, cache_url = null, cache_last_updated, ...fields } = row;
  return {
    ...fields,
    size: size === null ? null : Number(size),
    created: ckanTime(created),
    metadata_modified: ckanTime(metadata_modified),
    cache_url,
    cache_last_updated: cache_last_updated ? ckanTime(cache_last_updated) : null,
    archiver: archival && archiverBlock(archival, cache_url),
  };
}

/** A dataset as the API shows it, with the worst of its resources for all. */
export function datasetView(dataset: Dataset, archivals: readonly ResourceStatus[]) {
  const { resources, organization, metadata_created, metadata_modified, ...fields } = dataset;
  const byId = new Map(archivals.map((archival) => [archival.resourceId, archival]));
  return {
    ...fields,
    metadata_created: ckanTime(metadata_created),
    metadata_modified: ckanTime(metadata_modified),
    organization: organization && { ...organization, type: 'organization', is_organization: true },
    num_resources: resources.length,
    resources: resources.map((row) => resourceView(row, byId.get(row.id) ?? null)),
    archiver: worstBlock(archivals),
  };
}

const SEVERITY = new Map<boolean | null, number>([
  [true, 2],
  [null, 1],
  [false, 0],
]);

/** A dataset is as bad as the worst of its resources; null while none was archived. */
function worstBlock(archivals: readonly ResourceStatus[]) {
  const [worst] = archivals
    .filter(({ code }) => code !== null)
    .sort((one, other) => (SEVERITY.get(other.broken) ?? 0) - (SEVERITY.get(one.broken) ?? 0));
  if (!worst) return null;
  const { code, status, is_broken, is_broken_printable, reason, updated } = archiverBlock(worst, null);
  return { code, status, is_broken, is_broken_printable, reason, updated };
}

/** As CKAN's archiver has it, which knows one outcome a resource: the confirmed one, where there is one. */
function archiverBlock(archival: ResourceStatus, cacheUrl: string | null) {
  const { broken, failureCount, firstFailureAt, lastSuccessAt, checkedAt, finalUrl, moved } = archival;
  const { code, status, reason } = archival.confirmed ?? archival;
  return {
    code,
    status,
    is_broken: broken,
    is_broken_printable: broken === null ? 'Not sure' : broken ? 'Broken' : 'Downloaded OK',
    reason,
    url_redirected_to: moved ? finalUrl : null,
    updated: checkedAt && ckanTime(checkedAt),
    cache_url: cacheUrl,
    first_failure: firstFailureAt && ckanTime(firstFailureAt),
    last_success: lastSuccessAt && ckanTime(lastSuccessAt),
    failure_count: failureCount,
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
