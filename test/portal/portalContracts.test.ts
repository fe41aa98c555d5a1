import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import type { Knex } from 'knex';
import type { HookName } from '../../plugin/model/hook.ts';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import type { HookEvent, HookListener } from '../../plugin/portal/Portal.ts';
import { TableCatalog } from '../../plugin/portal/tableCatalog.ts';
import { catalogContract } from '../../plugin/testing/catalogContract.ts';
import type { CatalogUnderTest, PortalUnderTest } from '../../plugin/testing/PortalUnderTest.ts';
import { portalContract } from '../../plugin/testing/portalContract.ts';
import { freshDatabase } from '../support/postgres.ts';
import { SILENT } from '../support/testPortal.ts';

portalContract({ name: 'Express with the tables of CKAN', open: openExpress });
catalogContract({ name: 'tables with other names and numbers as ids', open: openLibrary });

const CKAN_TABLES = `
  create table package (id text primary key, name text unique, title text, private boolean, state text, owner_org text,
    maintainer text, maintainer_email text, author text, author_email text);
  create table "group" (id text primary key, name text, title text, state text, is_organization boolean);
  create table member (id text, table_name text, table_id text, group_id text, state text);
  insert into "group" values ('o1', 'land', 'The Land', 'active', true), ('o2', 'sky', null, 'active', true),
    ('o3', 'former', 'Former', 'deleted', true), ('g1', 'climate', 'Climate', 'active', false);
  insert into member values ('m1', 'group', 'o1', 'o2', 'active'), ('m2', 'package', 'p1', 'o1', 'active'),
    ('m3', 'group', 'o2', 'o1', 'deleted');
  create table resource (id text primary key, package_id text, url text, name text, format text, url_type text,
    hash text, size bigint, mimetype text, cache_url text, cache_last_updated timestamptz, state text);
  insert into package values
    ('p1', 'weather', 'Weather', false, 'active', 'o2', 'Wanda', ' mailto:wanda@weather.example', 'Ann', 'ann@weather.example'),
    ('p2', 'drafts', null, true, 'active', 'o3', 'Nobody', 'a@weather.example, b@weather.example', 'Ann', 'ann@weather.example');
  insert into resource (id, package_id, url, name, format, url_type, state) values
    ('r1', 'p1', 'http://a.example/1.csv', 'One', 'CSV', '', 'active'), ('r2', 'p1', null, null, null, 'upload', null),
    ('r3', 'p2', 'not a URL', 'Three', 'JSON', null, 'active'), ('r4', 'p1', 'http://a.example/4', 'Four', '', '', 'deleted');`;

const LIBRARY_TABLES = `
  create table house (nr smallint primary key, label text, "part of" smallint);
  insert into house values (1, 'press', null), (2, 'maps', 1), (3, 'itself', 3);
  create table work (nr integer primary key, label text, secret boolean, house_nr integer, mail text);
  create table file (nr bigint primary key, work_nr integer, link varchar(200), bytes bigint, saved integer default 0);
  create function count_save() returns trigger language plpgsql as
    $$ begin new.saved = old.saved + (new.link is distinct from old.link)::integer; return new; end $$;
  create trigger file_save before update on file for each row execute function count_save();
  insert into work values (7, 'seven', false, 2, null), (8, 'eight', true, null, 'x@house.example');
  insert into file values (9, 7, 'http://a.example/9', 1), (10, 7, 'http://a.example/10', 2), (11, 8, '', 3);`;

async function openExpress(): Promise<PortalUnderTest> {
  const { knex, drop } = await freshDatabase();
  await knex.raw(CKAN_TABLES);
  const app = express();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const site = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const hooks = new SaveHooks();
  const portal = createExpressPortal({
    ...{ knex, site, hooks, logger: SILENT, name: 'test', version: '1', authorize: () => true },
    mount: (handler) => app.use('/archiver', handler),
    updateUrl: async (id, url, { expected }) => {
      const row = await knex('resource').where({ id }).andWhereRaw("state is distinct from 'deleted'").first();
      if (row && row.url !== url && row.url !== expected) return 'edited';
      if (row && row.url !== url) {
        await knex('resource').where({ id }).update({ url });
        await hooks.emit('afterResourceUpdate', { resourceId: id, datasetId: row.package_id });
      }
      return row ? 'updated' : 'missing';
    },
  });
  const sky = { id: 'o2', name: 'sky', title: null };
  const page = (name: string) => `${site}/dataset/${name}`;
  const resource = (id: string, datasetId: string, url: string, name: string | null, format: string | null) => ({
    ...{ id, datasetId, url, name, format, urlType: id === 'r2' ? 'upload' : null },
    ...{ organisation: datasetId === 'p1' ? sky : null, pageUrl: `${site}/dataset/${datasetId}/resource/${id}` },
  });
  const [r1, r2] = [resource('r1', 'p1', 'http://a.example/1.csv', 'One', 'CSV'), resource('r2', 'p1', '', null, null)];
  const r3 = resource('r3', 'p2', 'not a URL', 'Three', 'JSON');
  return {
    ...placeOf(knex, 'resource', 'id'),
    portal,
    catalog: portal.catalog,
    datasets: [
      {
        ...{ id: 'p1', name: 'weather', title: 'Weather', private: false, resources: [r1, r2] },
        ...{ organisation: sky, pageUrl: page('weather') },
      },
      {
        ...{ id: 'p2', name: 'drafts', title: null, private: true, resources: [r3] },
        ...{ organisation: null, pageUrl: page('drafts') },
      },
    ],
    organisations: [
      { id: 'o1', name: 'land', title: 'The Land', parentId: null },
      { ...sky, parentId: 'o1' },
    ],
    contacts: new Map([
      ['p1', { address: 'wanda@weather.example', name: 'Wanda' }],
      ['p2', { address: 'ann@weather.example', name: 'Ann' }],
    ]),
    missingIds: ['r4', 'unknown'],
    isListening: true,
    edits: () => hooks.count,
    async save({ id, datasetId }, url) {
      await knex('resource').where({ id }).update({ url });
      await hooks.emit('afterResourceUpdate', { resourceId: id, datasetId });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await drop();
    },
  };
}

async function openLibrary(): Promise<CatalogUnderTest> {
  const { knex, drop } = await freshDatabase();
  await knex.raw(LIBRARY_TABLES);
  const names = {
    resource: { table: 'file', id: 'nr', datasetId: 'work_nr', url: 'link', size: 'bytes' },
    dataset: {
      table: 'work',
      id: 'nr',
      name: 'label',
      private: 'secret',
      organisationId: 'house_nr',
      maintainerEmail: 'mail',
    },
    organisation: { table: 'house', id: 'nr', name: 'label', parentId: 'part of' },
    pages: { dataset: '/works/{id}', resource: '' },
  };
  const catalog = new TableCatalog(knex, names, 'https://library.example', 'table');
  const maps = { id: '2', name: 'maps', title: null };
  const resource = (id: string, datasetId: string, url: string) => ({
    ...{ id, datasetId, url, name: null, format: null, urlType: null },
    ...{ organisation: datasetId === '7' ? maps : null, pageUrl: null },
  });
  const page = (id: string) => `https://library.example/works/${id}`;
  const [nine, ten] = [resource('9', '7', 'http://a.example/9'), resource('10', '7', 'http://a.example/10')];
  return {
    ...placeOf(knex, 'file', 'nr'),
    catalog,
    datasets: [
      {
        ...{ id: '7', name: 'seven', title: null, private: false, resources: [nine, ten] },
        ...{ organisation: maps, pageUrl: page('7') },
      },
      {
        ...{ id: '8', name: 'eight', title: null, private: true, resources: [resource('11', '8', '')] },
        ...{ organisation: null, pageUrl: page('8') },
      },
    ],
    organisations: [
      { id: '1', name: 'press', title: null, parentId: null },
      { ...maps, parentId: '1' },
      { id: '3', name: 'itself', title: null, parentId: null },
    ],
    contacts: new Map([['8', { address: 'x@house.example', name: null }]]),
    missingIds: ['12', '99999999999999999999', 'nine'],
    edits: async () => Number((await knex('file').sum('saved as count').first())?.['count']),
    close: drop,
  };
}

/** What a place has in its database, whatever its tables are called. */
function placeOf(knex: Knex, table: string, id: string): Pick<CatalogUnderTest, 'transaction' | 'written'> {
  return {
    transaction: (work) => knex.transaction(work),
    async written(resourceId) {
      const row = await knex(table).where(id, resourceId).first();
      if (table === 'file') return { size: Number(row.bytes) };
      const { cache_url: cacheUrl, cache_last_updated: cacheLastUpdated, hash, size, mimetype } = row;
      return { cacheUrl, cacheLastUpdated, hash, size: size === null ? null : Number(size), mimetype };
    },
  };
}

/** The hooks of a host whose editors save through one function. */
class SaveHooks {
  count = 0;
  readonly #listeners = new Map<HookName, Set<HookListener>>();

  on(name: HookName, listener: HookListener): void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
  }

  off(name: HookName, listener: HookListener): void {
    this.#listeners.get(name)?.delete(listener);
  }

  async emit(name: HookName, event: HookEvent): Promise<void> {
    this.count += 1;
    for (const listener of this.#listeners.get(name) ?? []) await listener(event);
  }
}
