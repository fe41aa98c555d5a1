import type { Request, Response } from 'express';
import { redactUrl } from '../../decide/redactUrl.ts';
import type { ReportedLink } from '../../record/ReportedLinks.ts';
import { may } from '../access.ts';
import { CopyUrls } from '../copyUrls.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { nextUrl, pageQueryOf } from '../paging.ts';
import { reportView } from '../reportView.ts';
import { CONTEXT, distributionOf } from './measurements.ts';

/**
 * The availability of what the caller may see, page by page, as DCAT catalogues are paged: the pages hold the links of all
 * datasets in the order of their ids, and those of datasets that are not for the caller are left out.
 */
export async function showQuality(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { limit, after } = pageQueryOf(request);
  const { links, next } = await deps.records.reports.links(
    { order: 'resource', after, limit },
    reportView(deps, deps.now()),
  );
  const visible = await visibleLinks(deps, request, links);
  const attempts = await deps.records.histories.newestAttempts(visible.map(({ resourceId }) => resourceId));
  const urls = new CopyUrls(deps);
  const url = `${deps.archiverUrl}/quality.jsonld`;
  const graph: object[] = [pageOf(url, after, nextUrl(url, next, limit))];
  for (const link of visible) {
    const attempt = attempts.get(link.resourceId) ?? null;
    const iri = link.pageUrl ?? `${deps.archiverUrl}/resources/${encodeURIComponent(link.resourceId)}`;
    const copyUrl = link.copy && (await urls.of(link.copy.key, link.dataset.id));
    graph.push(distributionOf({ link: { ...link, url: redactUrl(link.url) }, attempt, iri, copyUrl }));
  }
  response.type('application/ld+json').send(JSON.stringify({ '@context': CONTEXT, '@graph': graph }));
}

function pageOf(url: string, after: string | null, next: string | null): object {
  return {
    '@id': after === null ? url : `${url}?${new URLSearchParams({ after })}`,
    '@type': 'hydra:PartialCollectionView',
    'hydra:first': { '@id': url },
    ...(next === null ? {} : { 'hydra:next': { '@id': next } }),
  };
}

async function visibleLinks(
  deps: HandlerDeps,
  request: Request,
  links: readonly ReportedLink[],
): Promise<readonly ReportedLink[]> {
  const allowed = new Map<string, boolean>();
  for (const { dataset } of links) {
    const { id } = dataset;
    if (allowed.has(id)) continue;
    allowed.set(id, await may(deps, request, 'archive.read', { datasetId: id, resourceId: null }));
  }
  return links.filter(({ dataset }) => allowed.get(dataset.id));
}
