import { isBroken } from '../decide/isBroken.ts';
import { redactUrl } from '../decide/redactUrl.ts';
import { runProgress } from '../decide/runProgress.ts';
import type { Archival } from '../model/archival.ts';
import type { Copy } from '../model/copy.ts';
import { type DerivedFile, type Landing, NO_LANDING } from '../model/landing.ts';
import type { Resource } from '../model/resource.ts';
import type { Run } from '../model/run.ts';
import { CODES } from '../model/status.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { confirmedOutcomeOf, type LastAttempt, lastAttemptOf } from './lastAttempt.ts';
import { nextUrl, type Page } from './paging.ts';
import type { Shaped } from './shapes/parts.ts';
import type { RESOURCE_SHAPES } from './shapes/resourceShapes.ts';
import type { RUN_SHAPES } from './shapes/runShapes.ts';

/** The run, as `GET /runs/:id` shows it. */
export function runView(run: Run): Shaped<typeof RUN_SHAPES.Run> {
  const { id, state, total, done, counts, createdAt, startedAt, endedAt, kind, lane, datasetId } = run;
  const { perSecond, expectedEndAt } = runProgress(run, new Date());
  return {
    id,
    state,
    total,
    done,
    counts,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    kind,
    lane,
    datasetId,
    startedAt: startedAt?.toISOString() ?? null,
    perSecond,
    expectedEndAt: expectedEndAt?.toISOString() ?? null,
  };
}

/** What the archive holds of a resource; `isPrivate`: its dataset is. */
interface Found {
  readonly copies: Page<Copy>;
  readonly landing?: Landing;
  readonly isPrivate: boolean;
}

/** The archive's view of a resource: state, and a page of its copies, the newest first; `limit` is that of the next page. */
export function resourceView(
  deps: HandlerDeps,
  resource: Resource,
  archival: Archival | null,
  { copies, landing = NO_LANDING, isPrivate }: Found,
  limit = 100,
): Shaped<typeof RESOURCE_SHAPES.Resource> {
  const code = archival?.code ?? null;
  return {
    id: resource.id,
    datasetId: resource.datasetId,
    url: redactUrl(resource.url),
    status: code && CODES[code].status,
    code,
    reason: archival?.reason ?? null,
    broken: archival && isBroken(archival, deps.confirmFailures),
    attempts: archival?.attempts ?? 0,
    checkedAt: archival?.checkedAt?.toISOString() ?? null,
    nextCheckAt: archival?.nextCheckAt?.toISOString() ?? null,
    copies: copies.entries.map((copy) => copyView(deps, copy, isPrivate)),
    pending: archival !== null && archival.requestSeq > archival.doneSeq,
    finalUrl: archival?.finalUrl ?? null,
    moved: archival?.moved ?? false,
    failureCount: archival?.failureCount ?? 0,
    firstFailureAt: archival?.firstFailureAt?.toISOString() ?? null,
    lastSuccessAt: archival?.lastSuccessAt?.toISOString() ?? null,
    moreCopies: nextUrl(`${deps.archiverUrl}/resources/${encodeURIComponent(resource.id)}`, copies.next, limit),
    links: landing.links,
    derived: landing.derived.map((file) => derivedView(deps, file, isPrivate)),
    accepted: landing.accepted,
    lastAttempt: timedView(archival && lastAttemptOf(archival)),
    confirmed: timedView(archival && confirmedOutcomeOf(archival, deps.confirmFailures)),
  };
}

function timedView(outcome: LastAttempt | null) {
  return outcome && { ...outcome, at: outcome.at.toISOString() };
}

/** A file behind a page, with the URL of its newest copy, which is one of the resource's. */
function derivedView(deps: HandlerDeps, file: DerivedFile, isPrivate: boolean): Shaped<typeof RESOURCE_SHAPES.Derived> {
  const { url, format, score, evidence, code, reason, checkedAt, nextCheckAt, copyKey } = file;
  return {
    url,
    format,
    score,
    evidence,
    code,
    status: code && CODES[code].status,
    reason,
    checkedAt: checkedAt?.toISOString() ?? null,
    nextCheckAt: nextCheckAt?.toISOString() ?? null,
    key: copyKey,
    copyUrl: copyKey && deps.copyUrl(copyKey, isPrivate),
  };
}

function copyView(
  deps: HandlerDeps,
  { key, bytes, md5, sha256, mediaType, format, filename, storedAt, partial }: Copy,
  isPrivate: boolean,
): Shaped<typeof RESOURCE_SHAPES.Copy> {
  return {
    key,
    url: deps.copyUrl(key, isPrivate),
    bytes,
    md5,
    sha256,
    mediaType,
    storedAt: storedAt.toISOString(),
    format,
    filename,
    partial,
  };
}
