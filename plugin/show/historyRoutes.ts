import type { Request, Response } from 'express';
import { ArchiverError } from '../errors.ts';
import type { KeptChange } from '../model/history.ts';
import { requirePermission } from './access.ts';
import { resourceOf, visibleResource } from './askedResource.ts';
import { isPrivateDataset } from './datasets.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { nextUrl, pageQueryOf, readPage } from './paging.ts';

/** Changes of state of a resource of the portal, the newest first, page by page. */
export async function listResourceEvents(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const page = pageQueryOf(request);
  if (page.after !== null && !/^\d{1,18}$/.test(page.after))
    throw new ArchiverError('invalid-request', 'after is the id of an event.');
  const { id, datasetId } = await visibleResource(deps, request);
  const isPrivate = await isPrivateDataset(deps.catalog, datasetId);
  const { entries, next } = await readPage(
    page,
    (part) => deps.records.histories.changesOf(id, part),
    (change) => change.id,
  );
  const url = `${deps.archiverUrl}/resources/${encodeURIComponent(id)}/events`;
  const events = entries.map((change) => changeView(deps, change, isPrivate));
  response.json({ events, next: nextUrl(url, next, page.limit) });
}

/** The newest attempts of a resource, with what servers answered: for those who look after the archive. */
export async function listResourceAttempts(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { id, datasetId } = await resourceOf(deps, request);
  await requirePermission(deps, request, 'archive.report', { datasetId, resourceId: id });
  const attempts = await deps.records.histories.attemptsOf(id);
  response.json({ attempts: attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() })) });
}

function changeView(deps: HandlerDeps, change: KeptChange, isPrivate: boolean) {
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
