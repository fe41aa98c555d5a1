import type { SettingInForce } from '../../../settings/describeConfig.ts';
import { answerPage } from '../answerPage.ts';
import { html } from '../frame/html.ts';
import { adminPath } from '../frame/paths.ts';
import { badge, section } from '../frame/pieces.ts';
import { breakable, NOTHING } from '../frame/texts.ts';
import { type Filter, type Filtered, filteredBy, filterForm } from '../table/filters.ts';
import { fullListing } from '../table/listing.ts';
import type { Table } from '../table/Table.ts';
import type { Visit } from '../visit.ts';

const SOURCES = { environment: 'environment', portal: 'portal', default: 'default' } as const;

const SOURCE_TONES = { environment: 'busy', portal: 'good', default: 'plain' } as const;

/** Every setting. */
export const SETTINGS_TABLE: Table<SettingInForce> = {
  name: 'settings',
  caption: 'Settings in force',
  empty: 'No setting is like that.',
  columns: [
    {
      ...{ name: 'environment', title: 'Setting', type: 'text', value: ({ environment }) => environment },
      show: ({ environment, name }) => html`<code>${breakable(environment)}</code><span class="second">${name}</span>`,
    },
    { name: 'name', type: 'text', value: ({ name }) => name },
    { name: 'group', title: 'Group', type: 'text', value: ({ group }) => group },
    {
      ...{ name: 'value', title: 'Value', type: 'text', value: ({ text }) => text },
      show: ({ text }) => (text === '' ? NOTHING : html`<code class="value">${text}</code>`),
    },
    {
      ...{ name: 'source', title: 'Source', type: 'text', value: ({ source }) => source },
      show: ({ source }) => badge(SOURCE_TONES[source], SOURCES[source]),
    },
    { name: 'description', title: 'What for', type: 'text', value: ({ description }) => description },
  ],
};

/** What narrows the list; `groups`: those that there are. */
export const settingFilters = (groups: readonly string[] = []): readonly Filter[] => [
  { name: 'q', description: 'A part of name or description.', label: 'Search', kind: 'text', hint: 'name or purpose' },
  {
    name: 'source',
    description: 'Where it was set.',
    label: 'Source',
    kind: 'choice',
    choices: Object.entries(SOURCES),
  },
  {
    name: 'group',
    description: 'A group.',
    label: 'Group',
    kind: 'choice',
    choices: groups.map((group) => [group, group]),
  },
];

/** Which settings hold, and where each was set. */
export async function showSettings(visit: Visit): Promise<void> {
  await visit.requireReport();
  const { settings } = visit.deps.admin;
  const groups = [...new Set(settings.map(({ group }) => group))];
  const filters = settingFilters(groups);
  const filtered = filteredBy(filters, visit.request);
  const chosen = settings.filter((setting) => isAsked(setting, filtered));
  await answerPage(visit, {
    title: 'Settings',
    section: 'settings',
    path: ['settings'],
    listings: [fullListing(SETTINGS_TABLE, visit.place, chosen)],
    filtered,
    body: ([
      table,
    ]) => html`<p class="lead">What the environment sets wins over the portal's settings, and those over the default. Secrets are
never shown.</p>
${filterForm(filters, filtered, adminPath(visit.place, 'settings'), null)}
${section(`${chosen.length} of ${settings.length} settings`, html`${table?.view ?? null}`, table?.formats)}`,
  });
}

function isAsked(setting: SettingInForce, { q = '', source, group }: Filtered): boolean {
  const { name, environment, description } = setting;
  const text = `${name} ${environment} ${description}`.toLowerCase();
  if (source !== undefined && setting.source !== source) return false;
  if (group !== undefined && setting.group !== group) return false;
  return text.includes(q.toLowerCase());
}
