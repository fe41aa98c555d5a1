import type { Organisation } from '../../../model/resource.ts';
import type { ReportedLink } from '../../../record/ReportedLinks.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath, copyPath, withQuery } from '../frame/paths.ts';
import { badge, foreignUrl } from '../frame/pieces.ts';
import { NOTHING, relativeText, sizeText, time } from '../frame/texts.ts';
import type { Table } from '../table/Table.ts';
import { linkBadge } from './linkViews.ts';
import { codeTone } from './runViews.ts';

/** Links, with all that one has to know to mend them. */
export const LINKS_TABLE: Table<ReportedLink> = {
  name: 'links',
  caption: 'Links',
  empty: 'No link is like that.',
  columns: [
    {
      ...{ name: 'resourceId', title: 'Resource', type: 'text', value: ({ resourceId }) => resourceId },
      show: resourceCell,
    },
    { name: 'name', type: 'text', value: ({ name }) => name },
    { name: 'datasetId', type: 'text', value: ({ dataset }) => dataset.id },
    { name: 'datasetTitle', type: 'text', value: ({ dataset }) => dataset.title ?? dataset.name },
    { name: 'organisation', type: 'text', value: ({ organisation }) => organisation?.name ?? null },
    { name: 'organisationTitle', type: 'text', value: ({ organisation }) => organisation?.title ?? null },
    { name: 'url', title: 'URL', type: 'text', value: ({ url }) => url, show: ({ url }) => foreignUrl(url) },
    { name: 'host', type: 'text', value: ({ host }) => host },
    { name: 'state', type: 'text', value: ({ state }) => state },
    { ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code }, show: outcomeCell },
    { name: 'reason', type: 'text', value: ({ reason }) => reason },
    {
      ...{ name: 'firstFailureAt', title: 'Fails since', type: 'time', value: ({ firstFailureAt }) => firstFailureAt },
      show: ({ firstFailureAt, failureCount }, place) =>
        html`${time(firstFailureAt, place)}${failureCount > 0 ? html`<span class="second">${failureCount} in a row</span>` : null}`,
    },
    { name: 'failureCount', type: 'integer', value: ({ failureCount }) => failureCount },
    { name: 'lastSuccessAt', title: 'Worked last', type: 'time', value: ({ lastSuccessAt }) => lastSuccessAt },
    { name: 'checkedAt', type: 'time', value: ({ checkedAt }) => checkedAt },
    { name: 'nextCheckAt', type: 'time', value: ({ nextCheckAt }) => nextCheckAt },
    { name: 'movedTo', type: 'text', value: ({ movedTo }) => movedTo },
    {
      ...{ name: 'copiedAt', title: 'Last good copy', type: 'time', value: ({ copy }) => copy?.storedAt ?? null },
      show: copyCell,
    },
    { name: 'copyBytes', type: 'integer', value: ({ copy }) => copy?.bytes ?? null },
    { name: 'copyKey', type: 'text', value: ({ copy }) => copy?.key ?? null },
    {
      ...{
        name: 'proposedUrl',
        title: 'Proposed new URL',
        type: 'text',
        value: ({ proposal }) => proposal?.url ?? null,
      },
      show: proposalCell,
    },
  ],
};

function resourceCell({ resourceId, name, dataset, organisation }: ReportedLink, place: Place): Html {
  const title = dataset.title ?? dataset.name;
  const whose = organisation && html` · ${organisationLink(organisation, place)}`;
  return html`<a href="${adminPath(place, 'resources', resourceId)}">${name?.trim() || resourceId}</a>
<span class="second"><a href="${adminPath(place, 'datasets', dataset.id)}">${title}</a>${whose}</span>`;
}

const organisationLink = ({ name, title }: Organisation, place: Place): Html =>
  html`<a href="${withQuery(adminPath(place, 'links'), { organisation: name })}">${title ?? name}</a>`;

function outcomeCell({ state, code, reason }: ReportedLink): Html {
  const outcome = code === null ? linkBadge(state) : badge(codeTone(code), code);
  return html`${outcome}${reason === null ? null : html`<span class="second">${reason}</span>`}`;
}

function proposalCell({ resourceId, proposal }: ReportedLink, place: Place): Html {
  if (proposal === null) return NOTHING;
  const path = `${adminPath(place, 'resources', resourceId)}#new-url`;
  return html`${foreignUrl(proposal.url)}<span class="second"><a href="${path}">Apply or dismiss</a></span>`;
}

function copyCell({ copy }: ReportedLink, place: Place): Html {
  if (copy === null) return NOTHING;
  return html`<a href="${copyPath(place, copy.key)}">${sizeText(copy.bytes)}</a><span class="second">${relativeText(copy.storedAt, place.now)}</span>`;
}
