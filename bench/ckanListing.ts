import { setTimeout as wait } from 'node:timers/promises';
import { DatasetDocuments } from '../plugin/mirror/datasetDocuments.ts';
import { ActionClient } from '../plugin/portal/ckan/actionClient.ts';
import { MirrorTables } from '../plugin/portal/ckan/mirrorTables.ts';
import { synchronise } from '../plugin/portal/ckan/synchronise.ts';
import { databaseOf, openDatabase } from '../plugin/record/database/openDatabase.ts';
import { loadConfig } from '../plugin/settings/loadConfig.ts';
import { openApiExchange } from '../plugin/wiring/openApiExchange.ts';

// A process of its own, so that its memory is the listing's, on the built package: node ckanListing.js SITE DATABASE_URL FOLDER
const [, , site = '', databaseUrl = '', folder = ''] = process.argv;
const api = openApiExchange(loadConfig({ environment: { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' } }));
const { signal } = new AbortController();
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const knex = openDatabase(databaseUrl);
const tables = new MirrorTables(databaseOf(knex, 'bench_ckan'));
await tables.open();
await tables.setSite(site);
const documents = new DatasetDocuments(folder);
const startedAt = performance.now();
await synchronise({
  client: new ActionClient({
    site,
    token: null,
    userAgent: api.userAgent,
    exchange: api.exchange,
    wait: (ms) => wait(ms),
    signal,
    logger: silent,
  }),
  tables,
  filters: {},
  includePrivate: false,
  keepDocument: (dataset) => documents.keep(dataset),
  afterResourceDelete: async () => undefined,
  afterDatasetDelete: async () => undefined,
  progress: () => undefined,
  signal,
  logger: silent,
});
const ms = performance.now() - startedAt;
const { resources } = await tables.count();
process.stdout.write(JSON.stringify({ resources, ms, maxRssBytes: process.resourceUsage().maxRSS * 1024 }));
await api.close();
await knex.destroy();
