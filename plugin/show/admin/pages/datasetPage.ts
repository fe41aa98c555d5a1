import { redactUrl } from '../../../decide/redactUrl.ts';
import { ArchiverError } from '../../../errors.ts';
import type { Archival } from '../../../model/archival.ts';
import type { Copy } from '../../../model/copy.ts';
import type { Resource } from '../../../model/resource.ts';
import type { LinkState } from '../../../record/ReportedLinks.ts';
import { type DatasetHead, describeDataset, pageOfDataset } from '../../datasets.ts';
import type { PageQuery } from '../../paging.ts';
import { answerPage } from '../answerPage.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, factList, foreignUrl, section } from '../frame/pieces.ts';
import { NOTHING, sizeText, time } from '../frame/texts.ts';
import { listing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';
import { archiveButton, leadToRequested, requestedNotice } from './archiveAgain.ts';
import { isPending, linkBadge, linkStateOf } from './linkViews.ts';

interface Listed {
  readonly resource: Resource;
  readonly archival: Archival | null;
  readonly state: LinkState;
  readonly newest: Copy | null;
}

/** The resources of a dataset. */
export const RESOURCES_TABLE: Table<Listed> = {
  name: 'resources',
  caption: 'Resources, by their ids',
  empty: 'The dataset has no resource.',
  columns: [
    {
      ...{ name: 'id', title: 'Resource', type: 'text', value: ({ resource }) => resource.id },
      show: ({ resource: { id, name } }, place) =>
        html`<a href="${adminPath(place, 'resources', id)}">${name?.trim() || id}</a>`,
    },
    { name: 'name', type: 'text', value: ({ resource }) => resource.name },
    {
      ...{ name: 'url', title: 'URL', type: 'text', value: ({ resource }) => redactUrl(resource.url) },
      show: ({ resource }) => foreignUrl(redactUrl(resource.url)),
    },
    {
      ...{ name: 'state', title: 'State', type: 'text', value: ({ state }) => state },
      show: ({ state, archival }) =>
        html`${linkBadge(state)} ${isPending(archival) ? badge('busy', 'being archived') : null}${
          archival?.reason && html`<span class="second">${archival.reason}</span>`
        }`,
    },
    { name: 'code', type: 'text', value: ({ archival }) => archival?.code ?? null },
    { name: 'reason', type: 'text', value: ({ archival }) => archival?.reason ?? null },
    { name: 'checkedAt', title: 'Checked', type: 'time', value: ({ archival }) => archival?.checkedAt ?? null },
    {
      name: 'nextCheckAt',
      title: 'Next check',
      type: 'time',
      value: ({ archival }) => archival?.nextCheckAt ?? null,
    },
    {
      ...{ name: 'copiedAt', title: 'Newest copy', type: 'time', value: ({ newest }) => newest?.storedAt ?? null },
      show: ({ newest }, place) =>
        newest ? html`${sizeText(newest.bytes)}<span class="second">${time(newest.storedAt, place)}</span>` : NOTHING,
    },
    { name: 'bytes', type: 'integer', value: ({ newest }) => newest?.bytes ?? null },
  ],
};

/** A dataset's resources, and how each stands. */
export async function showDataset(visit: Visit): Promise<void> {
  const dataset = await reportedDataset(visit);
  const { place } = visit;
  const path = adminPath(place, 'datasets', dataset.id);
  const subject = { datasetId: dataset.id, resourceId: null };
  await answerPage(visit, {
    title: dataset.title ?? dataset.name,
    section: null,
    path: ['datasets', dataset.id],
    tools: html`${await archiveButton(visit, path, 'Archive again', subject)}`,
    listings: [
      listing(RESOURCES_TABLE, place, {
        read: (part) => listed(visit, dataset.id, part),
        nameOf: ({ resource }) => resource.id,
      }),
    ],
    body: async ([table]) => html`${await requestedNotice(visit)}
${factList([
  ['Name', html`<code>${dataset.name}</code>`],
  ['Id', html`<code>${dataset.id}</code>`],
  ['Organisation', dataset.organisation ? (dataset.organisation.title ?? dataset.organisation.name) : null],
  ['Visible to', dataset.private ? 'some alone (private)' : 'everybody'],
  ['In the portal', dataset.pageUrl ? html`<a href="${dataset.pageUrl}">its page</a>` : null],
])}
${section('Resources', html`${table?.view ?? null}`, table?.formats)}`,
  });
}

/** A form's answer: each of its resources is archived with priority. */
export async function archiveDatasetAgain(visit: Visit): Promise<void> {
  const id = visit.named('id');
  const dataset = await describeDataset(visit.deps.catalog, id);
  await visit.requireForm({ datasetId: dataset?.id ?? id, resourceId: null });
  const by = { caller: visit.deps.caller(visit.request), idempotencyKey: null };
  leadToRequested(visit, adminPath(visit.place, 'datasets', id), await visit.deps.requests.dataset(id, by));
}

/** Throws `forbidden` before it says whether there is such a dataset. */
async function reportedDataset(visit: Visit): Promise<DatasetHead> {
  const id = visit.named('id');
  const dataset = await describeDataset(visit.deps.catalog, id);
  await visit.requireReport({ datasetId: dataset?.id ?? id, resourceId: null });
  if (!dataset) throw new ArchiverError('not-found', `There is no dataset ${id}.`);
  return dataset;
}

async function listed({ deps }: Visit, datasetId: string, part: PageQuery): Promise<readonly Listed[]> {
  const { entries } = await pageOfDataset(deps.catalog, datasetId, part);
  const ids = entries.map(({ id }) => id);
  const archivals = new Map((await deps.records.archivals.getMany(ids)).map((one) => [one.resourceId, one]));
  const newest = await deps.records.copies.newestByResources(ids, 1);
  return entries.map((resource) => {
    const archival = archivals.get(resource.id) ?? null;
    const state = linkStateOf(archival, deps.confirmFailures);
    return { resource, archival, state, newest: newest.get(resource.id)?.[0] ?? null };
  });
}
