import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { compileHost } from '../support/typedHosts.ts';

const HEAD = `
import { createServer, type IncomingMessage } from 'node:http';
import {
  type AuthorizationRequest, type Catalog, createArchiver, createExpressPortal, type Dataset, type HookEvent,
  type HostDatabase, type HostTransaction, type Logger, type Portal, type Resource, type WriteBack,
} from 'portal-archiver';

const logger: Logger = console;
const authorize = (request: IncomingMessage, { action }: AuthorizationRequest) =>
  action === 'archive.read' || request.headers.authorization === 'Bearer admin';
const archiver = createArchiver();
createServer(archiver.handler).listen(0);
`;

/** A host as its author writes it, with the types of the knex that it has. */
const KNEX_HOST = `${HEAD}
import { knex as createKnex, type Knex } from 'knex';

const knex: Knex = createKnex({ client: 'pg' });

/** With the adapter: the knex goes in as it is, the hooks hand the save's transaction on. */
archiver.register(createExpressPortal({ knex, site: 'https://data.example', name: 'a', version: '1', logger, authorize }));
await knex.transaction(async (transaction) => {
  await transaction('resource').where({ id: 'r1' }).update({ url: 'https://example.org' });
  await archiver.hooks.afterResourceUpdate({ datasetId: 'd1', resourceId: 'r1', transaction });
});
const heard: HookEvent = { datasetId: 'd1', resourceId: 'r1', transaction: await knex.transaction() };

/** By hand: a catalogue of its own, which writes back with its own query builder. */
class OwnCatalog implements Catalog {
  async getResource(id: string): Promise<Resource | null> {
    return (await knex('resource').where({ id }).first()) ?? null;
  }
  async getDataset(): Promise<Dataset | null> {
    return null;
  }
  async listResources(): Promise<readonly Resource[]> {
    return [];
  }
  async writeBack(changes: readonly WriteBack[], transaction: Knex.Transaction): Promise<void> {
    for (const { resourceId, cacheUrl } of changes)
      await transaction('resource').where({ id: resourceId }).update({ cache_url: cacheUrl });
  }
}
const urls = { site: 'https://data.example', archiver: 'https://data.example/archiver' };
const portal: Portal = {
  info: { name: 'a', version: '1' }, urls, database: knex, catalog: new OwnCatalog(), authorize, logger,
};
export { heard, portal };
`;

const KNEX: Readonly<Record<string, string>> = { '1.0': 'knex-1', '2.5': 'knex-2', '3.1': 'knex-3', newest: 'knex' };

/** Its own query builder of another kind, and neither knex nor express installed. */
const BARE_HOST = `${HEAD}
declare const rows: Catalog;
const portal: Portal = {
  info: { name: 'a', version: '1' },
  urls: { site: 'https://data.example', archiver: 'https://data.example/archiver' },
  catalog: {
    getResource: (id) => rows.getResource(id),
    getDataset: (idOrName) => rows.getDataset(idOrName),
    listResources: (page) => rows.listResources(page),
    async writeBack(changes, transaction) {
      for (const { resourceId, cacheUrl } of changes)
        await transaction.raw('update resource set cache_url = ? where id = ?', [cacheUrl, resourceId]);
    },
  },
  authorize,
  logger,
};
archiver.register(portal);
archiver.on(({ name, resourceId, code }) => console.log(name, resourceId, code));
const fromElsewhere = (database: HostDatabase) => database.transaction(async (transaction: HostTransaction) => {
  const { rows } = await transaction.raw<{ rows: { id: string }[] }>('select id from resource where id = :id', { id: 'r1' });
  return rows.map(({ id }) => id);
});
export { fromElsewhere };
`;

const EXPRESS_HOST = `
import express from 'express';
import { createArchiver } from 'portal-archiver';

const app = express();
app.use('/archiver', createArchiver().handler);
`;

/** A pool of pg is no knex, and a transaction of anything else no transaction. */
const WRONG_HOST = `${HEAD}
declare const pool: { query(sql: string): Promise<{ rows: object[] }>; end(): Promise<void> };
createExpressPortal({ knex: pool, site: 'https://data.example', name: 'a', version: '1', logger, authorize });
await archiver.hooks.afterResourceUpdate({ datasetId: 'd1', resourceId: 'r1', transaction: pool });
`;

const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };

describe('a portal in TypeScript', () => {
  for (const [version, installed] of Object.entries(KNEX)) {
    it(`compiles with knex ${version}`, async () => {
      assert.deepEqual(await compileHost({ source: KNEX_HOST, packages: { knex: installed } }), []);
    });
  }

  it('compiles with neither knex nor express', async () => {
    assert.deepEqual(await compileHost({ source: BARE_HOST, packages: {} }), []);
    assert.deepEqual(await compileHost({ source: BARE_HOST, packages: {}, options: BUNDLER }), []);
  });

  it("compiles with express's types where it mounts the handler", async () => {
    const packages = { express: 'express', '@types/express': '@types/express' };
    assert.deepEqual(await compileHost({ source: EXPRESS_HOST, packages }), []);
  });

  it('does not compile with a database that is no knex', async () => {
    const errors = await compileHost({ source: WRONG_HOST, packages: {} });
    assert.equal(errors.length, 2, errors.join('\n'));
    assert.match(errors[0] ?? '', /HostDatabase/);
    assert.match(errors[1] ?? '', /HostTransaction/);
  });
});
