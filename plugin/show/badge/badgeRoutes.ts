import { makeBadge } from 'badge-maker';
import type { Request, Response } from 'express';
import { may } from '../access.ts';
import { anonymousRequest } from '../anonymousRequest.ts';
import { visibleResource } from '../askedResource.ts';
import { isPrivateDataset } from '../datasets.ts';
import { escapeHtml } from '../escapeHtml.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { hashOf, sendTagged } from '../sendTagged.ts';
import { type Badge, badgeOf } from './badgeOf.ts';

/** In which form a badge is asked for. */
export type BadgeKind = 'svg' | 'json' | 'html';

interface Shown {
  readonly badge: Badge;
  readonly language: string;
  /** Where the newest copy is; null: there is none. */
  readonly copyUrl: string | null;
}

const MAX_AGE_S = 300;

const TYPES: Readonly<Record<BadgeKind, string>> = {
  svg: 'image/svg+xml; charset=utf-8',
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

/** How a resource stands, for pages of the portal: a picture, JSON as shields.io reads it, or a piece of HTML. */
export async function showBadge(
  kind: BadgeKind,
  deps: HandlerDeps,
  request: Request,
  response: Response,
): Promise<void> {
  const { id, datasetId } = await visibleResource(deps, request);
  const isPrivate = await isPrivateDataset(deps.catalog, datasetId);
  const { archivals, copies } = deps.records;
  const [archival, newest] = [await archivals.get(id), await copies.newest(id)];
  const { language, words } = deps.languages.for(request);
  const badge = badgeOf({ archival, newest, confirmFailures: deps.confirmFailures }, language, words);
  const isPublic =
    !isPrivate && (await may(deps, anonymousRequest(request), 'archive.read', { datasetId, resourceId: id }));
  response.setHeader('Cache-Control', isPublic ? `public, max-age=${MAX_AGE_S}` : 'private, no-store');
  send(kind, { badge, language, copyUrl: newest && deps.copyUrl(newest.key, isPrivate) }, request, response);
}

function send(kind: BadgeKind, shown: Shown, request: Request, response: Response): void {
  response.setHeader('Vary', 'Accept-Language');
  response.setHeader('Content-Language', shown.language);
  response.setHeader('Content-Type', TYPES[kind]);
  // Opened by itself, a picture is a document: nothing in it may run or be loaded.
  response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  sendTagged(BODIES[kind](shown), request, response);
}

const BODIES: Readonly<Record<BadgeKind, (shown: Shown) => string>> = {
  // Ids of its own, so that several stand in one page.
  svg: ({ badge: { label, message, color } }) => makeBadge({ label, message, color, idSuffix: hashOf(message) }),
  json: ({ badge: { state, label, message, color }, language, copyUrl }) =>
    JSON.stringify({ schemaVersion: 1, label, message, color, cacheSeconds: MAX_AGE_S, state, language, copyUrl }),
  html: ({ badge: { state, message }, language, copyUrl }) => {
    const text = copyUrl === null ? escapeHtml(message) : `<a href="${escapeHtml(copyUrl)}">${escapeHtml(message)}</a>`;
    return `<span class="archive-status archive-status-${state}" lang="${escapeHtml(language)}">${text}</span>\n`;
  },
};
