import type { Request } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Resource } from '../model/resource.ts';
import { requireVisible } from './access.ts';
import type { HandlerDeps } from './HandlerDeps.ts';

/** The `:id` of a route. */
export function idOf(request: Request): string {
  const { id } = request.params;
  return typeof id === 'string' ? id : '';
}

/** The resource that a route is about, as the portal has it. Throws `not-found`. */
export async function resourceOf({ catalog }: HandlerDeps, request: Request): Promise<Resource> {
  const id = idOf(request);
  const resource = await catalog.getResource(id);
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  return resource;
}

/** The same, for readers: one that the caller may not see does not exist. Throws `not-found`. */
export async function visibleResource(deps: HandlerDeps, request: Request): Promise<Resource> {
  const resource = await resourceOf(deps, request);
  const id = idOf(request);
  const subject = { datasetId: resource.datasetId, resourceId: id };
  await requireVisible(deps, request, 'archive.read', subject, `resource ${id}`);
  return resource;
}
