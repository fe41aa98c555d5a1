// What `portal-archiver <command> --portal ./portal.js` loads: its default export is a portal, or makes one.
import createKnex from 'knex';
import { createExpressPortal } from 'portal-archiver';

/** As in the portal's own process, less what only a server has: hooks, and a place to mount the handler at. */
export default function createPortal() {
  return createExpressPortal({
    // The command closes it when it is done.
    knex: createKnex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 10 } }),
    site: 'https://data.example',
    name: 'data.example',
    version: '1.0.0',
    // Where names differ from CKAN's.
    tables: {
      resource: { table: 'file', datasetId: 'dataset_id', name: 'title' },
      dataset: { table: 'dataset', private: null },
    },
    // A command serves nobody; the portal's own process asks for the rights of its users.
    authorize: () => false,
    // Pino's call shape. Whatever is written to the console goes to standard error.
    logger: console,
  });
}
