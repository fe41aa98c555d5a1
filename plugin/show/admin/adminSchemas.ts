import { closed, nextPage, type Schema } from '../shapes/parts.ts';
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

/** What is described of a table. */
interface DescribedTable {
  readonly name: string;
  readonly columns: readonly Pick<Column<never>, 'name' | 'type'>[];
}

/** The JSON of a table. */
const schemaOf = ({ columns }: DescribedTable): Schema =>
  closed({
    rows: {
      type: 'array',
      items: closed(Object.fromEntries(columns.map(({ name, type }) => [name, TYPES[type]]))),
    },
    next: nextPage,
  });

const named = <Name extends string>(tables: Readonly<Record<Name, DescribedTable>>) => tables;

/** The pages' tables, by the names of their shapes. */
export const ADMIN_TABLES = named({
  SettingsTable: SETTINGS_TABLE,
  RunsTable: RUNS_TABLE,
  CountsTable: COUNTS_TABLE,
  FailedTable: FAILED_TABLE,
  ChangesTable: CHANGES_TABLE,
  CopiesTable: COPIES_TABLE,
  AttemptsTable: ATTEMPTS_TABLE,
  DerivedTable: DERIVED_TABLE,
  DaysTable: DAYS_TABLE,
  LinksTable: LINKS_TABLE,
  OrganisationsTable: ORGANISATIONS_TABLE,
  HostsTable: HOSTS_TABLE,
  AnswersTable: ANSWERS_TABLE,
  HostDaysTable: HOST_DAYS_TABLE,
  JobsTable: JOBS_TABLE,
  ResourcesTable: RESOURCES_TABLE,
});

/** The shapes of the pages' tables, as JSON Schema. */
export const ADMIN_SCHEMAS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries<DescribedTable>(ADMIN_TABLES).map(([name, table]) => [name, schemaOf(table)]),
);
