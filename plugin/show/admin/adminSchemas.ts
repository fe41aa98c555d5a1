import { closed, nextPage, type Schema } from '../schemaParts.ts';
import { RESOURCES_TABLE } from './pages/datasetPage.ts';
import { FAILED_TABLE } from './pages/failedTable.ts';
import { HOSTS_TABLE } from './pages/hostsPage.ts';
import { ANSWERS_TABLE, HOST_DAYS_TABLE } from './pages/hostTables.ts';
import { LINKS_TABLE } from './pages/linksTable.ts';
import { ORGANISATIONS_TABLE } from './pages/organisationsPage.ts';
import { DAYS_TABLE } from './pages/overviewPage.ts';
import { JOBS_TABLE } from './pages/queuePage.ts';
import { ATTEMPTS_TABLE, CHANGES_TABLE, COPIES_TABLE, DERIVED_TABLE } from './pages/resourceTables.ts';
import { COUNTS_TABLE } from './pages/runPage.ts';
import { RUNS_TABLE } from './pages/runViews.ts';
import { SETTINGS_TABLE } from './pages/settingsPage.ts';
import type { Column } from './table/Table.ts';

const TYPES: Readonly<Record<Column<never>['type'], Schema>> = {
  text: { type: ['string', 'null'] },
  integer: { type: ['integer', 'null'] },
  number: { type: ['number', 'null'] },
  time: { type: ['string', 'null'], format: 'date-time' },
  truth: { type: ['boolean', 'null'] },
};

/** The JSON of a table. */
const schemaOf = ({ columns }: { readonly columns: readonly Pick<Column<never>, 'name' | 'type'>[] }): Schema =>
  closed({
    rows: {
      type: 'array',
      items: closed(Object.fromEntries(columns.map(({ name, type }) => [name, TYPES[type]]))),
    },
    next: nextPage,
  });

/** The shapes of the pages' tables, as JSON Schema. */
export const ADMIN_SCHEMAS: Readonly<Record<string, Schema>> = {
  SettingsTable: schemaOf(SETTINGS_TABLE),
  RunsTable: schemaOf(RUNS_TABLE),
  CountsTable: schemaOf(COUNTS_TABLE),
  FailedTable: schemaOf(FAILED_TABLE),
  ChangesTable: schemaOf(CHANGES_TABLE),
  CopiesTable: schemaOf(COPIES_TABLE),
  AttemptsTable: schemaOf(ATTEMPTS_TABLE),
  DerivedTable: schemaOf(DERIVED_TABLE),
  DaysTable: schemaOf(DAYS_TABLE),
  LinksTable: schemaOf(LINKS_TABLE),
  OrganisationsTable: schemaOf(ORGANISATIONS_TABLE),
  HostsTable: schemaOf(HOSTS_TABLE),
  AnswersTable: schemaOf(ANSWERS_TABLE),
  HostDaysTable: schemaOf(HOST_DAYS_TABLE),
  JobsTable: schemaOf(JOBS_TABLE),
  ResourcesTable: schemaOf(RESOURCES_TABLE),
};
