import type { Request, Response } from 'express';
import type { KeptChange } from '../model/history.ts';
import { requirePermission } from './access.ts';
import { resourceOf, visibleResource } from './askedResource.ts';
import { isPrivateDataset } from './datasets.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { inputOf } from './input/inputOf.ts';
import { EVENTS_QUERY } from './input/inputParts.ts';
import { nextUrl, readPage } from './paging.ts';
import type { HISTORY_SHAPES } from './shapes/historyShapes.ts';
import type { Shaped } from './shapes/parts.ts';

/** Changes of state of a resource of the portal, the newest first, page by page. */
export async function listResourceEvents(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { limit, after = null } = inputOf(EVENTS_QUERY, request.query);
  const { id, datasetId } = await visibleResource(deps, request);
  const isPrivate = await isPrivateDataset(deps.catalog, datasetId);
  const { entries, next } = await readPage(
    { limit, after },
    (part) => deps.records.histories.changesOf(id, part),
    (change) => change.id,
  );
  const url = `${deps.archiverUrl}/resources/${encodeURIComponent(id)}/events`;
  const events = entries.map((change) => changeView(deps, change, isPrivate));
  response.json({ events, next: nextUrl(url, next, limit) } satisfies Shaped<typeof HISTORY_SHAPES.ResourceEvents>);
}

/** The newest attempts of a resource, with what servers answered: for those who look after the archive. */
export async function listResourceAttempts(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { id, datasetId } = await resourceOf(deps, request);
  await requirePermission(deps, request, 'archive.report', { datasetId, resourceId: id });
  const attempts = await deps.records.histories.attemptsOf(id);
  const shown = attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
  response.json({ attempts: shown } satisfies Shaped<typeof HISTORY_SHAPES.ResourceAttempts>);
}

function changeView(
  deps: HandlerDeps,
  change: KeptChange,
  isPrivate: boolean,
): Shaped<typeof HISTORY_SHAPES.ResourceEvent> {
  const { id, at, kind, code, previousCode, reason, url, copyKey, previousCopyKey } = change;
  return {
    id,
    at: at.toISOString(),
    kind,
    code,
    previousCode,
    reason,
    url,
    key: copyKey,
    copyUrl: copyKey && deps.copyUrl(copyKey, isPrivate),
    previousKey: previousCopyKey,
    previousCopyUrl: previousCopyKey && deps.copyUrl(previousCopyKey, isPrivate),
  };
}
