import type { Request, Response } from 'express';
import { redactUrl } from '../../decide/redactUrl.ts';
import { ArchiverError } from '../../errors.ts';
import { CODES } from '../../model/status.ts';
import type { ReportedHost } from '../../record/ReportedHosts.ts';
import type { LinkCounts, LinkState, ReportedLink } from '../../record/ReportedLinks.ts';
import type { ReportedOrganisation } from '../../record/Reports.ts';
import { requirePermission } from '../access.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { inputOf } from '../input/inputOf.ts';
import { nextPage } from '../paging.ts';
import { reportView } from '../reportView.ts';
import type { LIST_SHAPES } from '../shapes/listShapes.ts';
import type { Shaped } from '../shapes/parts.ts';
import { HOSTS_QUERY, LINKS_QUERY, ORGANISATIONS_QUERY } from './listRoutes.ts';

const STATES = { true: ['broken'], false: ['archived'], null: ['unsure', 'unfetched'] } as const satisfies Record<
  string,
  readonly LinkState[]
>;
const BROKEN: Readonly<Record<LinkState, boolean | null>> = {
  archived: false,
  broken: true,
  unsure: null,
  unfetched: null,
};

/** `GET /resources`: what was archived or is to be, of all datasets. */
export async function listResources(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  await requirePermission(deps, request, 'archive.report', { datasetId: null, resourceId: null });
  const query = inputOf(LINKS_QUERY, request.query);
  const { broken, code, organisation, host, dataset, proposed, changedSince, limit, after = null } = query;
  const asked = {
    states: broken && STATES[broken],
    code,
    organisation,
    host: host?.toLowerCase(),
    datasetId: dataset,
    proposed: proposed === 'true' || undefined,
    changedSince: changedSince === undefined ? undefined : new Date(changedSince),
    order: changedSince === undefined ? ('resource' as const) : ('changed' as const),
  };
  const { links, next } = await deps.records.reports.links({ ...asked, limit, after }, reportView(deps, deps.now()));
  response.json({
    resources: links.map(linkView),
    next: nextPage(`${deps.archiverUrl}/resources`, query, next),
  } satisfies Shaped<typeof LIST_SHAPES.Links>);
}

/** `GET /hosts`. */
export async function listHosts(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  await requirePermission(deps, request, 'archive.report', { datasetId: null, resourceId: null });
  const query = inputOf(HOSTS_QUERY, request.query);
  const { after = null, ...asked } = query;
  const { hosts, next } = await deps.records.reports.hosts({ ...asked, after }, reportView(deps, deps.now()));
  response.json({
    hosts: hosts.map(hostView),
    next: nextPage(`${deps.archiverUrl}/hosts`, query, next),
  } satisfies Shaped<typeof LIST_SHAPES.Hosts>);
}

/** `GET /organisations`: with the links of nobody, if there are any, under the id ''. */
export async function listOrganisations(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  await requirePermission(deps, request, 'archive.report', { datasetId: null, resourceId: null });
  const query = inputOf(ORGANISATIONS_QUERY, request.query);
  const all = await deps.records.reports.organisations(reportView(deps, deps.now()));
  const from = startOf(all, query.after);
  const organisations = all.slice(from, from + query.limit);
  const last = organisations.at(-1);
  const next = from + query.limit < all.length && last ? last.organisation.id : null;
  response.json({
    organisations: organisations.map(organisationView),
    next: nextPage(`${deps.archiverUrl}/organisations`, query, next),
  } satisfies Shaped<typeof LIST_SHAPES.Organisations>);
}

function startOf(all: readonly ReportedOrganisation[], after: string | undefined): number {
  if (after === undefined) return 0;
  const at = all.findIndex(({ organisation }) => organisation.id === after);
  if (at < 0) throw new ArchiverError('invalid-request', 'after is the id of an organisation of this list.');
  return at + 1;
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

function linkView(link: ReportedLink) {
  const { resourceId, name, pageUrl, dataset, organisation, url, host, state, code, reason, failureCount } = link;
  return {
    id: resourceId,
    name,
    pageUrl,
    dataset: { id: dataset.id, name: dataset.name, title: dataset.title, pageUrl: dataset.pageUrl ?? null },
    organisation: organisation && { id: organisation.id, name: organisation.name, title: organisation.title },
    url: redactUrl(url),
    host,
    broken: BROKEN[state],
    code,
    status: code && CODES[code].status,
    reason,
    failureCount,
    firstFailureAt: iso(link.firstFailureAt),
    lastSuccessAt: iso(link.lastSuccessAt),
    checkedAt: iso(link.checkedAt),
    nextCheckAt: iso(link.nextCheckAt),
    changedAt: link.changedAt.toISOString(),
    movedTo: link.movedTo,
    proposal: link.proposal && {
      url: link.proposal.url,
      firstSeenAt: link.proposal.firstSeenAt.toISOString(),
      lastSeenAt: link.proposal.lastSeenAt.toISOString(),
    },
    copy: link.copy && { ...link.copy, storedAt: link.copy.storedAt.toISOString() },
  };
}

const countsView = ({ archived, broken, unsure, unfetched }: LinkCounts) => ({ archived, broken, unsure, unfetched });

function hostView({ host, links, pausedUntil, deadUntil, bytesToday, attempts, meanMs, override }: ReportedHost) {
  return {
    host,
    links: countsView(links),
    pausedUntil: iso(pausedUntil),
    unreachableUntil: iso(deadUntil),
    bytesToday,
    attempts,
    meanMs,
    hasOwnLimits: override !== null,
  };
}

function organisationView({ organisation, own, all }: ReportedOrganisation) {
  const { id, name, title, parentId = null } = organisation;
  return { id, name, title, parentId, own: countsView(own), all: countsView(all) };
}
