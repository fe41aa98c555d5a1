import type { Organisation } from '../../../model/resource.ts';
import { CODES } from '../../../model/status.ts';
import type { LinkOrder, LinkQuery, LinkState } from '../../../record/ReportedLinks.ts';
import { reportView } from '../../reportView.ts';
import { answerPage } from '../answerPage.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { section } from '../frame/pieces.ts';
import { plural } from '../frame/texts.ts';
import { chosenOf, type Filter, type Filtered, filteredBy, filterForm } from '../table/filters.ts';
import { pagedListing } from '../table/listing.ts';
import type { Visit } from '../visit.ts';
import { LINKS_TABLE } from './linksTable.ts';
import { LINK_STATES } from './linkViews.ts';
import { organisationFilter, organisationNamed } from './organisationFilter.ts';

const DAY_MS = 24 * 3600 * 1000;

const AGES = { 1: 'a day', 7: 'a week', 30: '30 days', 90: '90 days', 365: 'a year' } as const;

const ORDERS: Readonly<Record<LinkOrder, string>> = {
  failing: 'fails for longest',
  changed: 'changed last',
  resource: 'id',
};

const CODE_NAMES: Readonly<Record<string, string>> = Object.fromEntries(Object.keys(CODES).map((code) => [code, code]));

const filtersOf = (fallback: Fallback, organisations: readonly Organisation[]): readonly Filter[] => [
  organisationFilter(organisations),
  { name: 'host', description: 'A host.', label: 'Host', kind: 'text', hint: 'data.example' },
  { name: 'code', description: 'An outcome.', label: 'Outcome', kind: 'choice', choices: Object.entries(CODE_NAMES) },
  {
    name: 'age',
    description: 'Days for which they have failed at least.',
    label: 'Fails for more than',
    kind: 'choice',
    choices: Object.entries(AGES),
  },
  {
    name: 'state',
    description: 'How the link stands.',
    label: 'State',
    kind: 'choice',
    choices: [...Object.entries(LINK_STATES), ['any', 'any']],
    fallback: fallback.state,
  },
  {
    name: 'proposed',
    description: 'yes: only those for which another URL is proposed; of any state then.',
    label: 'New URL',
    kind: 'choice',
    choices: [['yes', 'proposed']],
  },
  {
    name: 'order',
    description: 'What comes first.',
    label: 'Order',
    kind: 'choice',
    choices: Object.entries(ORDERS),
    fallback: fallback.order,
  },
];

interface Fallback {
  readonly state: LinkState | 'any';
  readonly order: LinkOrder;
}

/** Broken links, the longest first; links for which another URL is proposed work, most of them. */
const fallbackOf = (isProposed: boolean): Fallback =>
  isProposed ? { state: 'any', order: 'resource' } : { state: 'broken', order: 'failing' };

/** What narrows the list. */
export const LINK_FILTERS = filtersOf(fallbackOf(false), []);

const TITLES: Readonly<Record<LinkState | 'any', string>> = {
  archived: 'Archived links',
  broken: 'Broken links',
  unsure: 'Links that are unsure',
  unfetched: 'Links never fetched',
  any: 'All links',
};

/** Links, as they are searched for: broken ones where nothing else is asked for. */
export async function showLinks(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { reports } = visit.deps.records;
  const view = reportView(visit.deps, visit.place.now);
  const fallback = fallbackOf(visit.asked('proposed') === 'yes');
  const organisations = visit.format === 'html' ? await reports.organisationWords() : [];
  const filters = filtersOf(fallback, organisations);
  const filtered = organisationNamed(filteredBy(filters, visit.request), organisations);
  const query = queryOf(filtered, fallback, visit.place.now);
  const state = chosenOf(TITLES, filtered['state']) ?? fallback.state;
  const path = adminPath(visit.place, 'links');
  await answerPage(visit, {
    title: state === 'any' && query.proposed ? 'Proposed new URLs' : TITLES[state],
    section: 'links',
    path: ['links'],
    listings: [
      pagedListing(LINKS_TABLE, visit.place, async (part) => {
        const { links, next } = await reports.links({ ...query, ...part }, view);
        return { entries: links, next };
      }),
    ],
    filtered,
    body: async ([table]) => {
      const count = await reports.countLinks(query, view);
      return html`${filterForm(filters, filtered, path, null)}
${section(count === null ? 'Found' : plural(count, 'link'), html`${table?.view ?? null}`, table?.formats)}`;
    },
  });
}

function queryOf(filtered: Filtered, fallback: Fallback, now: Date): Omit<LinkQuery, 'after' | 'limit'> {
  const { organisation, host, code, age, proposed } = filtered;
  const state = chosenOf(TITLES, filtered['state']) ?? fallback.state;
  const order = chosenOf(ORDERS, filtered['order']) ?? fallback.order;
  const fails = state === 'broken' || state === 'unsure';
  return {
    organisation,
    host: host?.toLowerCase(),
    code: chosenOf(CODES, code) ?? undefined,
    states: state === 'any' ? undefined : [state],
    proposed: proposed === 'yes' || undefined,
    failingBefore: age === undefined ? undefined : new Date(now.getTime() - Number(age) * DAY_MS),
    // What works has no time since which it fails.
    order: order === 'failing' && !fails ? 'resource' : order,
  };
}
