// The portal module that the commands of the documents name: the tables of the example portal, with CKAN's names.
import createKnex from 'knex';
import { createExpressPortal } from 'portal-archiver';

export default () =>
  createExpressPortal({
    knex: createKnex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 10 } }),
    site: process.env.ARCHIVER_PORTAL_URL,
    name: 'example',
    version: '1.0.0',
    authorize: () => false,
    logger: console,
  });
