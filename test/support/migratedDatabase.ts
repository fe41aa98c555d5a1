import type { Knex } from 'knex';
import { migrate } from '../../plugin/record/database/migrate.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';
import { createPortalTables } from './testPortal.ts';

/** By default. */
export const NAMES = { schema: 'archiver', resourceTable: 'resource', queueName: 'archiver_jobs' } as const;

/** A database of its own with the tables of the smallest CKAN-like host, and ours beside them as the newest migration leaves them. */
export const migratedPortal = (): Promise<TestDatabase> =>
  freshDatabase({ name: 'migrated_portal', fill: migratedBeside(createPortalTables) });

/** The same beside a host's smallest resource table. */
export const migratedTable = (): Promise<TestDatabase> =>
  freshDatabase({ name: 'migrated_table', fill: migratedBeside(createHostTable) });

const migratedBeside = (createTables: (knex: Knex) => Promise<void>) => async (knex: Knex) => {
  await createTables(knex);
  await migrate(knex, NAMES, 'up');
};

export async function createHostTable(knex: Knex): Promise<void> {
  await knex.schema.createTable('resource', (table) => {
    table.text('id').primary();
    table.text('package_id');
    table.text('url');
  });
}
