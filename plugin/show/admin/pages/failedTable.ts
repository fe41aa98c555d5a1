import type { FailedResource } from '../../../record/OperatorViews.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, foreignUrl } from '../frame/pieces.ts';
import type { Table } from '../table/Table.ts';
import { codeTone } from './runViews.ts';

/** What was not archived when it was asked for. */
export const FAILED_TABLE: Table<FailedResource> = {
  name: 'failed',
  caption: 'Resources that were not archived',
  empty: 'Everything that this run asked for was archived, or has been since.',
  columns: [
    {
      ...{ name: 'resourceId', title: 'Resource', type: 'text', value: ({ resourceId }) => resourceId },
      show: ({ resourceId }, place) => html`<a href="${adminPath(place, 'resources', resourceId)}">${resourceId}</a>`,
    },
    {
      ...{ name: 'datasetId', title: 'Dataset', type: 'text', value: ({ datasetId }) => datasetId },
      show: ({ datasetId }, place) => html`<a href="${adminPath(place, 'datasets', datasetId)}">${datasetId}</a>`,
    },
    { name: 'url', title: 'URL', type: 'text', value: ({ url }) => url, show: ({ url }) => foreignUrl(url) },
    { name: 'host', type: 'text', value: ({ host }) => host },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code, reason }) => html`${badge(codeTone(code), code)}<span class="second">${reason}</span>`,
    },
    { name: 'reason', type: 'text', value: ({ reason }) => reason },
    { name: 'checkedAt', title: 'Asked', type: 'time', value: ({ checkedAt }) => checkedAt },
  ],
};
