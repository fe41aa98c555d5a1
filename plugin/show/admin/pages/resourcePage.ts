import { ArchiverError } from '../../../errors.ts';
import type { Archival } from '../../../model/archival.ts';
import type { AttemptNote, KeptChange } from '../../../model/history.ts';
import type { DerivedFile } from '../../../model/landing.ts';
import type { Proposal } from '../../../model/proposal.ts';
import type { Resource } from '../../../model/resource.ts';
import { type DatasetHead, describeDataset } from '../../datasets.ts';
import type { PageQuery } from '../../paging.ts';
import { answerPage, type ShownTable } from '../answerPage.ts';
import { type Html, html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, notice, section, trail } from '../frame/pieces.ts';
import { fullListing, type Listing, listing } from '../table/listing.ts';
import type { Visit } from '../visit.ts';
import { archiveButton, leadToRequested, requestedNotice } from './archiveAgain.ts';
import { isPending, linkBadge, linkStateOf } from './linkViews.ts';
import { proposalPart, settledNotice } from './proposalPart.ts';
import { evidenceOf, redirectChain, resourceFacts, validators } from './resourceFacts.ts';
import { ATTEMPTS_TABLE, CHANGES_TABLE, COPIES_TABLE, DERIVED_TABLE, type Version } from './resourceTables.ts';
import { timeline } from './timeline.ts';

/** So much of what happened is in the timeline; the table of changes has all. */
const MOMENTS = 50;

interface Told {
  readonly resource: Resource;
  readonly dataset: DatasetHead | null;
  readonly archival: Archival | null;
  readonly attempts: readonly AttemptNote[];
  readonly changes: readonly KeptChange[];
  /** Files behind the page that its URL answers with. */
  readonly derived: readonly DerivedFile[];
  readonly proposals: readonly Proposal[];
}

/** The whole story of one resource. */
export async function showResource(visit: Visit): Promise<void> {
  const resource = await reportedResource(visit);
  const told = await tell(visit, resource);
  const { place } = visit;
  const subject = { datasetId: resource.datasetId, resourceId: resource.id };
  const path = adminPath(place, 'resources', resource.id);
  const dataset = told.dataset?.title ?? told.dataset?.name ?? resource.datasetId;
  await answerPage(visit, {
    title: resource.name?.trim() || resource.id,
    section: null,
    path: ['resources', resource.id],
    trail: trail([{ title: dataset, href: adminPath(place, 'datasets', resource.datasetId) }]),
    tools: html`${await archiveButton(visit, path, 'Archive now', subject)}`,
    ...(isPending(told.archival) ? { live: `${path}/live` } : {}),
    listings: listingsOf(visit, told),
    body: async (tables) => {
      const notices = html`${settledNotice(visit)}${await requestedNotice(visit)}`;
      return bodyOf(visit, told, tables, { notices, proposal: await proposalPart(visit, resource, told.proposals) });
    },
  });
}

/** A form's answer: it is archived with priority. */
export async function archiveResourceNow(visit: Visit): Promise<void> {
  const id = visit.named('id');
  const resource = await visit.deps.catalog.getResource(id);
  await visit.requireForm({ datasetId: resource?.datasetId ?? null, resourceId: id });
  const by = { caller: visit.deps.caller(visit.request), idempotencyKey: null };
  leadToRequested(visit, adminPath(visit.place, 'resources', id), await visit.deps.requests.resource(id, by));
}

/** Throws `forbidden` before it says whether there is such a resource. */
export async function reportedResource(visit: Visit): Promise<Resource> {
  const id = visit.named('id');
  const resource = await visit.deps.catalog.getResource(id);
  await visit.requireReport({ datasetId: resource?.datasetId ?? null, resourceId: id });
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  return resource;
}

async function tell({ deps }: Visit, resource: Resource): Promise<Told> {
  const { archivals, histories, landings, proposals: proposed } = deps.records;
  const [dataset, archival, attempts, changes, landing, proposals] = await Promise.all([
    describeDataset(deps.catalog, resource.datasetId),
    archivals.get(resource.id),
    histories.attemptsOf(resource.id),
    histories.changesOf(resource.id, { after: null, limit: MOMENTS }),
    landings.listByResources([resource.id]),
    proposed.listByResource(resource.id),
  ]);
  const derived = landing.get(resource.id)?.derived ?? [];
  return { resource, dataset, archival, attempts, changes, derived, proposals };
}

function listingsOf({ deps, place }: Visit, told: Told): readonly Listing[] {
  const { id } = told.resource;
  const { histories } = deps.records;
  return [
    listing(CHANGES_TABLE, place, {
      read: (part) => histories.changesOf(id, part),
      nameOf: (change) => change.id,
    }),
    listing(COPIES_TABLE, place, {
      read: (part) => versionsOf(deps, told, part),
      nameOf: ({ copy }) => copy.key,
    }),
    fullListing(ATTEMPTS_TABLE, place, told.attempts),
    fullListing(DERIVED_TABLE, place, told.derived),
  ];
}

/** One more is read than is shown: it is the one before the last. */
async function versionsOf(
  { records, copyUrl }: Visit['deps'],
  { resource, dataset }: Told,
  part: PageQuery,
): Promise<Version[]> {
  const copies = await records.copies.pageByResource(resource.id, { ...part, limit: part.limit + 1 });
  return copies
    .map((copy, at) => ({ copy, url: copyUrl(copy.key, dataset?.private ?? true), before: copies[at + 1] ?? null }))
    .slice(0, part.limit);
}

interface Above {
  readonly notices: Html;
  readonly proposal: Html | null;
}

function bodyOf(visit: Visit, told: Told, tables: readonly ShownTable[], { notices, proposal }: Above): Html {
  const { resource, archival, attempts, changes } = told;
  const { deps, place } = visit;
  const [changed, copies, tried, derived] = tables;
  const detail = attempts.find((attempt) => attempt.detail !== null)?.detail ?? null;
  const part = (table: ShownTable | undefined) => html`${table?.view ?? null}`;
  return html`<div data-part="resource">${notices}${standing(told, deps.confirmFailures)}
${resourceFacts(resource, archival, deps.admin.checkBounds, place)}</div>
${proposal}
<div data-part="timeline">${section('What happened', timeline(attempts, changes, place), changed?.formats)}</div>
<div data-part="copies">${section('Copies', part(copies), copies?.formats)}</div>
${detail && redirectChain(detail)}
${detail && evidenceOf(detail)}
${archival && validators(archival, place)}
<div data-part="attempts">${section('Attempts', part(tried), tried?.formats)}</div>
${told.derived.length > 0 ? section('Files behind the page', part(derived), derived?.formats) : null}`;
}

/** How it stands, in a word and a sentence. */
function standing({ archival }: Told, confirmFailures: number): Html {
  if (archival === null) return notice('plain', 'It has never been asked for.');
  const state = linkStateOf(archival, confirmFailures);
  const pending = isPending(archival) ? badge('busy', 'being archived') : null;
  return html`<p class="standing">${linkBadge(state)} ${pending} ${archival.reason ?? 'No attempt has ended yet.'}</p>`;
}
