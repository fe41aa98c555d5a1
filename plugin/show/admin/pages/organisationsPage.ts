import type { ReportedOrganisation } from '../../../record/Reports.ts';
import { reportView } from '../../reportView.ts';
import { answerPage } from '../answerPage.ts';
import { type Html, html } from '../frame/html.ts';
import type { Place } from '../frame/Place.ts';
import { adminPath, withQuery } from '../frame/paths.ts';
import { countText, NOTHING } from '../frame/texts.ts';
import { chosenOf, type Filter, filteredBy, filterForm } from '../table/filters.ts';
import { fullListing } from '../table/listing.ts';
import type { Column, Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';
import { totalOf } from './linkViews.ts';

type Counted = 'archived' | 'broken' | 'unsure' | 'unfetched';

const titleOf = ({ organisation: { id, title, name } }: ReportedOrganisation): string =>
  id === '' ? 'No organisation' : (title ?? name);

/** Of its resources, how many have a good copy; null: it has none. */
const share = ({ all }: ReportedOrganisation): number | null =>
  totalOf(all) === 0 ? null : Math.round((1000 * all.archived) / totalOf(all)) / 10;

const counted = (name: Counted, title: string): Column<ReportedOrganisation> => ({
  ...{ name, title, type: 'integer', value: ({ all }) => all[name], sort: name },
  show: ({ organisation, all }, place) => countLink(organisation.name, name, all[name], place),
});

/** Organisations and how their links stand; those that are parts of one count there, too. */
export const ORGANISATIONS_TABLE: Table<ReportedOrganisation> = {
  name: 'organisations',
  caption: 'Organisations',
  empty: 'The portal has no organisation.',
  columns: [
    {
      ...{
        name: 'name',
        title: 'Organisation',
        type: 'text',
        value: ({ organisation }) => organisation.name,
        sort: 'title',
      },
      show: nameCell,
    },
    { name: 'id', type: 'text', value: ({ organisation }) => organisation.id },
    { name: 'title', type: 'text', value: titleOf },
    { name: 'parentId', type: 'text', value: ({ above }) => above.at(-1) ?? null },
    { name: 'resources', title: 'Resources', type: 'integer', value: ({ all }) => totalOf(all), sort: 'resources' },
    {
      ...{ name: 'archivedPercent', title: 'Archived', type: 'number', value: share, sort: 'archivedPercent' },
      show: (one) => shareCell(one),
    },
    counted('broken', 'Broken'),
    counted('unsure', 'Unsure'),
    counted('unfetched', 'Never fetched'),
    { name: 'ownResources', type: 'integer', value: ({ own }) => totalOf(own) },
    { name: 'ownBroken', type: 'integer', value: ({ own }) => own.broken },
  ],
};

const DEEPEST = 5;

function nameCell(one: ReportedOrganisation, place: Place): Html {
  const path = withQuery(adminPath(place, 'links'), { organisation: one.organisation.name, state: 'any' });
  const depth = Math.min(one.above.length, DEEPEST);
  const name = one.organisation.id === '' ? html`${titleOf(one)}` : html`<a href="${path}">${titleOf(one)}</a>`;
  return depth === 0 ? name : html`<span class="depth-${depth}">${name}</span>`;
}

function countLink(organisation: string, state: string, count: number, place: Place): Html {
  if (count === 0 || organisation === '') return html`${countText(count)}`;
  const path = withQuery(adminPath(place, 'links'), { organisation, state });
  return html`<a href="${path}">${countText(count)}</a>`;
}

function shareCell(one: ReportedOrganisation): Html {
  const percent = share(one);
  if (percent === null) return NOTHING;
  return html`${percent} %<meter min="0" max="100" low="60" high="90" optimum="100" value="${percent}" aria-label="Archived of ${titleOf(one)}">${percent} %</meter>`;
}

const SORTS = {
  title: (one: ReportedOrganisation) => titleOf(one).toLowerCase(),
  resources: ({ all }: ReportedOrganisation) => totalOf(all),
  archivedPercent: (one: ReportedOrganisation) => share(one) ?? 101,
  broken: ({ all }: ReportedOrganisation) => all.broken,
  unsure: ({ all }: ReportedOrganisation) => all.unsure,
  unfetched: ({ all }: ReportedOrganisation) => all.unfetched,
} as const;

/** What narrows the list. */
export const ORGANISATION_FILTERS: readonly Filter[] = [
  { name: 'q', description: 'A part of name or title.', label: 'Search', kind: 'text', hint: 'name or title' },
];

/** How each organisation's links stand. */
export async function showOrganisations(visit: Visit): Promise<void> {
  await visit.requireReport();
  const filtered = filteredBy(ORGANISATION_FILTERS, visit.request);
  const sort = sortOf(visit);
  const all = await visit.deps.records.reports.organisations(reportView(visit.deps, visit.place.now));
  const text = (filtered['q'] ?? '').toLowerCase();
  const found = all.filter((one) => `${titleOf(one)} ${one.organisation.name}`.toLowerCase().includes(text));
  await answerPage(visit, {
    title: 'Organisations',
    section: 'organisations',
    path: ['organisations'],
    listings: [fullListing(ORGANISATIONS_TABLE, visit.place, sorted(found, all, sort))],
    filtered,
    sort,
    body: ([table]) => html`<p class="lead">What is a part of an organisation counts there, too.</p>
${filterForm(ORGANISATION_FILTERS, filtered, adminPath(visit.place, 'organisations'), sort)}
<p class="beside">${table?.formats ?? null}</p>
${table?.view ?? null}`,
  });
}

/** What the table is sorted by; a minus before it: the largest first. */
export const ORGANISATION_SORTS: readonly string[] = Object.keys(SORTS).flatMap((sort) => [sort, `-${sort}`]);

function sortOf(visit: Visit): string | null {
  const asked = visit.asked('sort');
  const key = chosenOf(SORTS, asked?.replace(/^-/, ''));
  return key === null ? null : asked;
}

/** Without an order each stands below what it is a part of. */
function sorted(
  found: readonly ReportedOrganisation[],
  all: readonly ReportedOrganisation[],
  sort: string | null,
): readonly ReportedOrganisation[] {
  const key = chosenOf(SORTS, sort?.replace(/^-/, ''));
  const direction = sort?.startsWith('-') ? -1 : 1;
  const titles = new Map(all.map((one) => [one.organisation.id, titleOf(one).toLowerCase()]));
  const treeKey = (one: ReportedOrganisation) =>
    [...one.above, one.organisation.id].map((id) => titles.get(id) ?? '').join('\n');
  const keyOf = key === null ? treeKey : SORTS[key];
  return found.toSorted((one, other) => direction * compare(keyOf(one), keyOf(other)));
}

const compare = (one: string | number, other: string | number): number => (one < other ? -1 : Number(one > other));
