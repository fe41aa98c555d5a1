import type { IncomingMessage } from 'node:http';
import type { Knex } from 'knex';
import type { Logger } from '../../plugin/model/logger.ts';
import { createExpressPortal, type ExpressPortalOptions } from '../../plugin/portal/expressPortal.ts';
import type { AuthorizationRequest, Portal } from '../../plugin/portal/Portal.ts';
import type { TableNames } from '../../plugin/portal/tableNames.ts';

export const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Tables of the smallest CKAN-like host. */
export async function createPortalTables(knex: Knex): Promise<void> {
  await knex.schema.createTable('package', (table) => {
    table.text('id').primary();
    table.text('name').notNullable();
    table.text('title');
    table.boolean('private').notNullable().defaultTo(false);
  });
  await knex.schema.createTable('resource', (table) => {
    table.text('id').primary();
    table.text('package_id').notNullable();
    table.text('url').notNullable();
    table.text('name');
    table.text('format');
    table.text('url_type');
    table.text('hash');
    table.bigInteger('size');
    table.text('mimetype');
  });
}

export interface TestPortalOptions {
  readonly knex: Knex;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly logger?: Logger;
  authorize?(request: IncomingMessage, question: AuthorizationRequest): boolean;
  readonly tables?: TableNames;
  readonly site?: string;
  readonly updateUrl?: ExpressPortalOptions['updateUrl'];
  caller?(request: IncomingMessage): string | null;
}

export function testPortal(options: TestPortalOptions): Portal {
  const { knex, settings, logger = SILENT, authorize, tables, site, updateUrl, caller } = options;
  return createExpressPortal({
    knex,
    site: site ?? 'http://portal.example',
    name: 'test portal',
    version: '1.0.0',
    logger,
    authorize: authorize ?? (() => true),
    ...(tables && { tables }),
    ...(updateUrl && { updateUrl }),
    ...(caller && { caller }),
    settings: { sweepCron: '', allowNetworks: '127.0.0.0/8', ...settings },
  });
}

export async function addResource(knex: Knex, id: string, url: string, datasetId = 'd1'): Promise<void> {
  await knex('package').insert({ id: datasetId, name: datasetId, private: false }).onConflict('id').ignore();
  await knex('resource').insert({ id, package_id: datasetId, url, name: id });
}
