import type { HostDay, HostStory } from '../../../record/ReportedHosts.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge } from '../frame/pieces.ts';
import { durationText, NOTHING } from '../frame/texts.ts';
import type { Table } from '../table/Table.ts';
import { codeTone } from './runViews.ts';

/** The newest answers of a host. */
export const ANSWERS_TABLE: Table<HostStory['answers'][number]> = {
  name: 'answers',
  caption: 'Last answers',
  empty: 'It has not been asked lately.',
  columns: [
    { name: 'at', title: 'When', type: 'time', value: ({ at }) => at },
    {
      ...{ name: 'resourceId', title: 'Resource', type: 'text', value: ({ resourceId }) => resourceId },
      show: ({ resourceId }, place) => html`<a href="${adminPath(place, 'resources', resourceId)}">${resourceId}</a>`,
    },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code, reason }) => html`${badge(codeTone(code), code)}<span class="second">${reason}</span>`,
    },
    { name: 'reason', type: 'text', value: ({ reason }) => reason },
    {
      ...{ name: 'status', title: 'HTTP', type: 'integer', value: ({ status }) => status },
      show: ({ status }) => html`${status ?? NOTHING}`,
    },
    { name: 'ms', title: 'Took', type: 'integer', value: ({ ms }) => ms, show: ({ ms }) => durationText(ms) },
    {
      ...{ name: 'firstByteMs', title: 'First byte', type: 'integer', value: ({ firstByteMs }) => firstByteMs },
      show: ({ firstByteMs }) => (firstByteMs === null ? NOTHING : durationText(firstByteMs)),
    },
  ],
};

/** The attempts at a host, by day and outcome. */
export const HOST_DAYS_TABLE: Table<HostDay> = {
  name: 'days',
  caption: 'Attempts by day and outcome',
  empty: 'It has not been asked lately.',
  columns: [
    { name: 'day', title: 'Day', type: 'text', value: ({ day }) => day },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code }) => badge(codeTone(code), code),
    },
    { name: 'attempts', title: 'Attempts', type: 'integer', value: ({ attempts }) => attempts },
    {
      ...{ name: 'meanMs', title: 'Latency', type: 'number', value: ({ meanMs }) => meanMs },
      show: ({ meanMs }) => durationText(meanMs),
    },
  ],
};
