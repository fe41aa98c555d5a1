import type { ArchivalRequest } from '../model/archival.ts';
import type { Resource } from '../model/resource.ts';
import { hostOf } from './hostOf.ts';

/** The request for a resource as its portal describes it now. */
export function requestOf({ id, datasetId, url }: Resource): ArchivalRequest {
  return { resourceId: id, datasetId, url, host: hostOf(url) };
}
