import { type InputSchema, PAGE, texts } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';
import { ADMIN_TABLES } from './adminSchemas.ts';
import { AGENDASH_ROUTES } from './agendashRoutes.ts';
import { LIMIT_FIELDS } from './pages/hostLimits.ts';
import { HOST_FILTERS } from './pages/hostsPage.ts';
import { LINK_FILTERS } from './pages/linksPage.ts';
import { ORGANISATION_FILTERS, ORGANISATION_SORTS } from './pages/organisationsPage.ts';
import { JOB_FILTERS } from './pages/queuePage.ts';
import { RUN_FILTERS } from './pages/runsPage.ts';
import { settingFilters } from './pages/settingsPage.ts';
import { PROPOSAL_FORMS } from './proposalForms.ts';
import { type Filter, filterProperties } from './table/filters.ts';

const REPORT = { method: 'get', action: 'archive.report' } as const;
const UNCHANGED = { description: 'Unchanged.' };

interface TablePage<Id extends string> {
  readonly id: Id;
  readonly path: string;
  readonly summary: string;
  /** Of its tables; `?table=` chooses, the first where it does not. */
  readonly schemas: readonly (keyof typeof ADMIN_TABLES)[];
  /** By which its first table is narrowed. */
  readonly filters?: readonly Filter[];
  /** What its first table may be sorted by. */
  readonly sorts?: readonly string[];
  /** What there may be nothing of: a run, a resource. */
  readonly isOfOne?: true;
}

/** What the query of a page says, beside which part of a table is asked for. */
function pageProperties({ filters = [], schemas, sorts }: TablePage<string>): InputSchema['properties'] {
  const tables = schemas.map((schema) => ADMIN_TABLES[schema].name);
  const table = { type: 'string', enum: tables, default: tables[0], description: 'Which table.' };
  return {
    ...filterProperties(filters),
    ...(sorts ? { sort: { type: 'string', enum: sorts, description: 'A column; a minus: the largest first.' } } : {}),
    ...(tables.length > 1 ? { table } : {}),
  };
}

/** A page, and its tables as CSV and JSON: those first, so that nothing is called `x.csv`. */
function tablePage<Id extends string>(page: TablePage<Id>) {
  const { id, path, summary, schemas, isOfOne } = page;
  const properties = pageProperties(page);
  const whole = { type: 'object', properties } as const;
  const query = { type: 'object', properties: { ...properties, ...PAGE }, required: ['limit'] } as const;
  const problems = [400, 403, ...(isOfOne ? [404] : []), 500, 503];
  return [
    {
      ...REPORT,
      ...{ id: `${id}Csv` as const, path: `${path}.csv`, summary: `${summary}, as CSV`, problems, query: whole },
      answers: { 200: { description: 'The whole table (RFC 4180).', texts: ['text/csv'] } },
    },
    {
      ...REPORT,
      ...{ id: `${id}Json` as const, path: `${path}.json`, summary: `${summary}, as JSON`, problems, query },
      answers: { 200: { description: 'A page of the table.', schemas } },
    },
    {
      ...REPORT,
      ...{ id, path, summary: `${summary}, as a page`, problems, query, isPage: true },
      answers: { 200: { description: 'The page.', texts: ['text/html'] } },
    },
  ] as const satisfies readonly Route[];
}

/** Server-sent events; their problems are for a script. */
const LIVE = {
  ...REPORT,
  answers: { 200: { description: 'Server-sent events `change` and `end`.', texts: ['text/event-stream'] } },
} as const;

/** A form of a page; its answer is the page again. */
const FORM = {
  method: 'post',
  action: 'archive.admin',
  answers: { 303: { description: 'Done; Location names the page.' } },
  problems: [400, 403, 404, 413, 500, 503],
  isPage: true,
} as const;

const ASSET = { method: 'get', action: null, problems: [], headers: ['If-None-Match'] } as const;

/** The pages for those who look after the archive, and what they load. */
export const ADMIN_ROUTES = [
  {
    ...ASSET,
    id: 'adminStyle',
    path: '/admin/style.css',
    summary: 'How the pages look',
    answers: { 200: { description: 'The style sheet.', texts: ['text/css'] }, 304: UNCHANGED },
  },
  {
    ...ASSET,
    id: 'adminIcon',
    path: '/admin/icon.svg',
    summary: 'The icon of the pages',
    answers: { 200: { description: 'The picture.', texts: ['image/svg+xml'] }, 304: UNCHANGED },
  },
  {
    ...ASSET,
    id: 'adminScript',
    path: '/admin/script.js',
    summary: 'What makes the pages better where scripts run',
    answers: { 200: { description: 'The script.', texts: ['text/javascript'] }, 304: UNCHANGED },
  },
  ...tablePage({
    id: 'adminSettings',
    path: '/admin/settings',
    summary: 'Every setting in force, and where it was set',
    schemas: ['SettingsTable'],
    filters: settingFilters(),
  }),
  {
    ...LIVE,
    id: 'adminRunsLive',
    path: '/admin/runs/live',
    summary: 'Says when the page of runs has changed',
    problems: [403, 500, 503],
  },
  ...tablePage({
    id: 'adminRuns',
    path: '/admin/runs',
    summary: 'What requests and sweeps started',
    schemas: ['RunsTable'],
    filters: RUN_FILTERS,
  }),
  {
    ...LIVE,
    id: 'adminRunLive',
    path: '/admin/runs/{id}/live',
    summary: 'Says when the page of a run has changed',
    problems: [403, 404, 500, 503],
  },
  ...tablePage({
    id: 'adminRun',
    path: '/admin/runs/{id}',
    summary: 'One run, how its resources ended and what was not archived',
    schemas: ['CountsTable', 'FailedTable'],
    isOfOne: true,
  }),
  {
    ...FORM,
    id: 'adminCancelRun',
    path: '/admin/runs/{id}/cancel',
    summary: 'Cancel what has not begun',
    fields: texts({}),
  },
  {
    ...LIVE,
    id: 'adminResourceLive',
    path: '/admin/resources/{id}/live',
    summary: 'Says when the page of a resource has changed',
    problems: [403, 404, 500, 503],
  },
  ...tablePage({
    id: 'adminResource',
    path: '/admin/resources/{id}',
    summary: 'The whole story of a resource',
    schemas: ['ChangesTable', 'CopiesTable', 'AttemptsTable', 'DerivedTable'],
    isOfOne: true,
  }),
  {
    ...FORM,
    id: 'adminArchiveResource',
    path: '/admin/resources/{id}/archive',
    summary: 'Archive a resource now',
    fields: texts({}),
  },
  ...PROPOSAL_FORMS,
  ...tablePage({
    id: 'adminDataset',
    path: '/admin/datasets/{id}',
    summary: 'The resources of a dataset',
    schemas: ['ResourcesTable'],
    isOfOne: true,
  }),
  {
    ...FORM,
    id: 'adminArchiveDataset',
    path: '/admin/datasets/{id}/archive',
    summary: 'Archive a dataset again',
    fields: texts({}),
  },
  {
    ...LIVE,
    id: 'adminQueueLive',
    path: '/admin/queue/live',
    summary: 'Says when the page of the queue has changed',
    problems: [403, 500, 503],
  },
  ...tablePage({
    id: 'adminQueue',
    path: '/admin/queue',
    summary: 'Jobs of the queue',
    schemas: ['JobsTable'],
    filters: JOB_FILTERS,
  }),
  ...tablePage({ id: 'adminOverview', path: '/admin', summary: 'Whether the archive is well', schemas: ['DaysTable'] }),
  ...tablePage({
    id: 'adminLinks',
    path: '/admin/links',
    summary: 'Links: the broken ones, or others that are asked for',
    schemas: ['LinksTable'],
    filters: LINK_FILTERS,
  }),
  ...tablePage({
    id: 'adminOrganisations',
    path: '/admin/organisations',
    summary: 'Organisations and how their links stand',
    schemas: ['OrganisationsTable'],
    filters: ORGANISATION_FILTERS,
    sorts: ORGANISATION_SORTS,
  }),
  ...tablePage({
    id: 'adminHosts',
    path: '/admin/hosts',
    summary: "Publishers' hosts and how they fare",
    schemas: ['HostsTable'],
    filters: HOST_FILTERS,
  }),
  ...tablePage({
    id: 'adminHost',
    path: '/admin/hosts/{host}',
    summary: 'One host: limits, answers, pauses',
    schemas: ['AnswersTable', 'HostDaysTable'],
    isOfOne: true,
  }),
  {
    ...FORM,
    id: 'adminSetHostLimits',
    path: '/admin/hosts/{host}/limits',
    summary: 'Set limits of a host',
    fields: texts(LIMIT_FIELDS),
  },
  {
    ...FORM,
    id: 'adminClearHostLimits',
    path: '/admin/hosts/{host}/clear',
    summary: 'Let the settings hold for a host again',
    fields: texts({}),
  },
  ...AGENDASH_ROUTES,
] as const satisfies readonly Route[];

/** The `operationId` of a page's route. */
export type AdminRouteId = (typeof ADMIN_ROUTES)[number]['id'];
