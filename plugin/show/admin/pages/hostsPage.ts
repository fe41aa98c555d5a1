import type { HostOrder, ReportedHost } from '../../../record/ReportedHosts.ts';
import { reportView } from '../../reportView.ts';
import { answerPage } from '../answerPage.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { badge } from '../frame/pieces.ts';
import { countText, durationText, NOTHING, relativeText, sizeText } from '../frame/texts.ts';
import { chosenOf, type Filter, filteredBy, filterForm } from '../table/filters.ts';
import { pagedListing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';
import { totalOf } from './linkViews.ts';

const ORDERS: Readonly<Record<HostOrder, string>> = {
  paused: 'left alone first',
  broken: 'most broken links',
  links: 'most links',
  host: 'name',
};

/** What narrows the list. */
export const HOST_FILTERS: readonly Filter[] = [
  { name: 'q', description: 'A part of the name.', label: 'Search', kind: 'text', hint: 'part of the name' },
  {
    name: 'order',
    description: 'What comes first.',
    label: 'Order',
    kind: 'choice',
    choices: Object.entries(ORDERS),
    fallback: 'paused',
  },
];

/** Publishers' hosts. */
export const HOSTS_TABLE: Table<ReportedHost> = {
  name: 'hosts',
  caption: 'Hosts',
  empty: 'No host is like that.',
  columns: [
    {
      ...{ name: 'host', title: 'Host', type: 'text', value: ({ host }) => host },
      show: ({ host }, place) =>
        host === '' ? html`(URLs without a host)` : html`<a href="${adminPath(place, 'hosts', host)}">${host}</a>`,
    },
    {
      ...{ name: 'standing', title: 'Standing', type: 'text', value: (one) => standingOf(one) },
      show: (one, place) => hostBadges(one, place),
    },
    { name: 'links', title: 'Links', type: 'integer', value: ({ links }) => totalOf(links) },
    { ...{ name: 'broken', title: 'Broken', type: 'integer', value: ({ links }) => links.broken }, show: brokenCell },
    { name: 'unsure', title: 'Unsure', type: 'integer', value: ({ links }) => links.unsure },
    {
      ...{ name: 'meanMs', title: 'Latency', type: 'number', value: ({ meanMs }) => meanMs },
      show: ({ meanMs }) => (meanMs === null ? NOTHING : durationText(meanMs)),
    },
    { name: 'attempts', title: 'Attempts in 7 days', type: 'integer', value: ({ attempts }) => attempts },
    {
      ...{ name: 'bytesToday', title: 'Today', type: 'integer', value: ({ bytesToday }) => bytesToday },
      show: ({ bytesToday }) => sizeText(bytesToday),
    },
    { name: 'pausedUntil', type: 'time', value: ({ pausedUntil }) => pausedUntil },
    { name: 'deadUntil', type: 'time', value: ({ deadUntil }) => deadUntil },
    { name: 'deadCount', type: 'integer', value: ({ deadCount }) => deadCount },
    { name: 'override', type: 'text', value: ({ override }) => override && JSON.stringify(override) },
  ],
};

/** `unreachable`, `paused`, `asked`: whether it is asked now. */
function standingOf({ deadUntil, pausedUntil }: ReportedHost): string {
  if (deadUntil !== null) return 'unreachable';
  return pausedUntil === null ? 'asked' : 'paused';
}

/** Whether it is left alone, until when, and whether it has limits of its own. */
export function hostBadges({ deadUntil, pausedUntil, override }: ReportedHost, { now }: Place): Html {
  const dead =
    deadUntil &&
    html`${badge('bad', 'unreachable')} <span class="second">one probe ${relativeText(deadUntil, now)}</span>`;
  const paused =
    pausedUntil &&
    html`${badge('unsure', 'paused')} <span class="second">asked again ${relativeText(pausedUntil, now)}</span>`;
  const own = override && html` ${badge('busy', 'own limits')}`;
  return html`${dead ?? paused ?? badge('good', 'asked')}${own}`;
}

function brokenCell({ host, links }: ReportedHost, place: Place): Html {
  if (links.broken === 0 || host === '') return html`${countText(links.broken)}`;
  return html`<a href="${withQuery(adminPath(place, 'links'), { host })}">${countText(links.broken)}</a>`;
}

/** Who is asked, and how that goes. */
export async function showHosts(visit: Visit): Promise<void> {
  await visit.requireReport();
  const filtered = filteredBy(HOST_FILTERS, visit.request);
  const order = chosenOf(ORDERS, filtered['order']) ?? 'paused';
  const { reports } = visit.deps.records;
  await answerPage(visit, {
    title: 'Hosts',
    section: 'hosts',
    path: ['hosts'],
    listings: [
      pagedListing(HOSTS_TABLE, visit.place, async (part) => {
        const query = { order, contains: filtered['q']?.toLowerCase(), ...part };
        const { hosts, next } = await reports.hosts(query, reportView(visit.deps, visit.place.now));
        return { entries: hosts, next };
      }),
    ],
    filtered,
    body: ([
      table,
    ]) => html`<p class="lead">Publishers' hosts, and how they fare. Latency is the mean of the attempts of the last seven days.</p>
${filterForm(HOST_FILTERS, filtered, adminPath(visit.place, 'hosts'), null)}
<p class="beside">${table?.formats ?? null}</p>
${table?.view ?? null}`,
  });
}
