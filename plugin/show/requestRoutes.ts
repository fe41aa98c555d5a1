import type { Request, Response } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Copy } from '../model/copy.ts';
import type { Requester, RequestResult } from '../trigger/Requests.ts';
import { requirePermission, requireVisible } from './access.ts';
import { idOf, visibleResource } from './askedResource.ts';
import { describeDataset, isPrivateDataset, pageOfDataset } from './datasets.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { headerOf } from './input/headerOf.ts';
import { cutPage, nextUrl, pageQueryOf, readPage } from './paging.ts';
import type { Shaped } from './shapes/parts.ts';
import type { RESOURCE_SHAPES } from './shapes/resourceShapes.ts';
import type { RUN_SHAPES } from './shapes/runShapes.ts';
import { resourceView, runView } from './views.ts';

/** Of each resource that a dataset shows. */
const COPIES = 10;

const keyOf = ({ key }: Copy): string => key;

/** 202 with the run; the dataset is asked for by id or name. */
export async function archiveDataset(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const dataset = await deps.catalog.getDataset(id);
  await requirePermission(deps, request, 'archive.trigger', { datasetId: dataset?.id ?? id, resourceId: null });
  if (!dataset) throw new ArchiverError('not-found', `There is no dataset ${id}.`);
  accept(deps, response, await deps.requests.dataset(dataset.id, requesterOf(deps, request)));
}

/** 202 with the run. */
export async function archiveResource(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const resource = await deps.catalog.getResource(id);
  await requirePermission(deps, request, 'archive.trigger', { datasetId: resource?.datasetId ?? null, resourceId: id });
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  accept(deps, response, await deps.requests.resource(resource.id, requesterOf(deps, request)));
}

function accept(deps: HandlerDeps, response: Response, result: RequestResult): void {
  if (result.kind === 'not-found') throw new ArchiverError('not-found', 'It left the portal meanwhile.');
  if (result.kind === 'conflict')
    throw new ArchiverError('idempotency-conflict', 'This Idempotency-Key was used for another request within a day.');
  response
    .status(202)
    .location(`${deps.archiverUrl}/runs/${encodeURIComponent(result.run.id)}`)
    .json(runView(result.run));
}

/** A resource of the portal, also one that was never archived, with a page of its copies. */
export async function showResource(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const page = pageQueryOf(request);
  const resource = await visibleResource(deps, request);
  // In this order: what ended meanwhile may show a copy too early, never say that one is there and not show it.
  const archival = await deps.records.archivals.get(id);
  const { copies } = deps.records;
  const shown = await readPage(page, (part) => copies.pageByResource(id, part), keyOf);
  const landing = (await deps.records.landings.listByResources([id])).get(id);
  const isPrivate = await isPrivateDataset(deps.catalog, resource.datasetId);
  response.json(resourceView(deps, resource, archival, { copies: shown, landing, isPrivate }, page.limit));
}

/** A dataset of the portal with a page of its resources, each with its newest copies. */
export async function showDataset(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const page = pageQueryOf(request);
  const dataset = await describeDataset(deps.catalog, id);
  if (!dataset) throw new ArchiverError('not-found', `There is no dataset ${id}.`);
  await requireVisible(deps, request, 'archive.read', { datasetId: dataset.id, resourceId: null }, `dataset ${id}`);
  const { entries, next } = await pageOfDataset(deps.catalog, dataset.id, page);
  const ids = entries.map((resource) => resource.id);
  const archivals = await deps.records.archivals.getMany(ids);
  const copies = await deps.records.copies.newestByResources(ids, COPIES + 1);
  const landings = await deps.records.landings.listByResources(ids);
  const byId = new Map(archivals.map((archival) => [archival.resourceId, archival]));
  const resources = entries.map((resource) => {
    const shown = cutPage(copies.get(resource.id) ?? [], COPIES, keyOf);
    const found = { copies: shown, landing: landings.get(resource.id), isPrivate: dataset.private };
    return resourceView(deps, resource, byId.get(resource.id) ?? null, found);
  });
  const url = `${deps.archiverUrl}/datasets/${encodeURIComponent(dataset.id)}`;
  const shown: Shaped<typeof RESOURCE_SHAPES.Dataset> = {
    id: dataset.id,
    resources,
    next: nextUrl(url, next, page.limit),
  };
  response.json(shown);
}

/** A run; one of the whole portal is for administrators. */
export async function showRun(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const run = await deps.records.runs.get(id);
  if (!run) throw new ArchiverError('not-found', `There is no run ${id}.`);
  const resourceId = run.kind === 'resource' ? run.subjectId : null;
  const action = run.datasetId === null ? 'archive.admin' : 'archive.read';
  await requireVisible(deps, request, action, { datasetId: run.datasetId, resourceId }, `run ${id}`);
  response.json(runView(run));
}

/** The newest runs first, page by page. */
export async function listRuns(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  await requirePermission(deps, request, 'archive.admin', { datasetId: null, resourceId: null });
  const page = pageQueryOf(request);
  const { runs } = deps.records;
  const { entries, next } = await readPage(
    page,
    ({ limit, after }) => runs.list(limit, after),
    ({ id }) => id,
  );
  const nextPage = nextUrl(`${deps.archiverUrl}/runs`, next, page.limit);
  response.json({ runs: entries.map(runView), next: nextPage } satisfies Shaped<typeof RUN_SHAPES.Runs>);
}

/** The run as it is afterwards; one that has ended stays as it is. */
export async function cancelRun(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  await requirePermission(deps, request, 'archive.admin', { datasetId: null, resourceId: null });
  const run = await deps.records.runs.cancel(id, deps.now());
  if (!run) throw new ArchiverError('not-found', `There is no run ${id}.`);
  response.json(runView(run));
}

function requesterOf(deps: HandlerDeps, request: Request): Requester {
  const idempotencyKey = headerOf('Idempotency-Key', request);
  return { caller: deps.caller(request), idempotencyKey };
}
