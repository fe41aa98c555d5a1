import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Knex } from 'knex';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import { TableCatalog } from '../../plugin/portal/tableCatalog.ts';
import { type TableNames, tableSettingsOf } from '../../plugin/portal/tableNames.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let database: TestDatabase;
let knex: Knex;

const portalOf = (tables?: TableNames) =>
  createExpressPortal({
    knex,
    site: 'https://data.example/',
    authorize: () => true,
    logger,
    name: 'test',
    version: '1',
    ...(tables && { tables }),
  });

const library: TableNames = {
  resource: { table: 'library.file', id: 'nr', datasetId: 'work_nr', url: 'link', size: 'bytes' },
  dataset: { table: 'library.work', id: 'nr', name: 'label', private: 'secret' },
};

const change = (resourceId: string) => ({
  resourceId,
  cacheUrl: `https://data.example/archiver/archive/${resourceId}`,
  cacheLastUpdated: new Date('2026-11-23T07:09:05Z'),
  hash: 'md5:0123',
  size: 3_000_000_000,
  mimetype: 'text/csv',
});

describe('the portal of Express and knex', () => {
  before(async () => {
    database = await freshDatabase();
    knex = database.knex;
    await knex.raw(`
    create table package (id text primary key, name text unique, title text, private boolean, state text);
    create table resource (id text primary key, package_id text, url text, name text, format text, url_type text,
      hash text, size bigint, mimetype text, state text, changed integer default 0);
    create function count_change() returns trigger language plpgsql as
      $$ begin if new.url is distinct from old.url or new.name is distinct from old.name then
        new.changed = old.changed + 1; end if; return new; end $$;
    create trigger resource_change before update on resource for each row execute function count_change();
    create schema library;
    create table library.work (nr integer primary key, label text, secret boolean);
    create table library.file (nr bigint primary key, work_nr integer, link varchar(200), bytes integer);
    create table library.odd (nr numeric primary key, work_nr integer, link text);`);
    await knex('package').insert([
      { id: 'p1', name: 'weather', title: 'Weather', private: false, state: 'active' },
      { id: 'p2', name: 'drafts', title: null, private: true, state: 'active' },
      { id: 'p3', name: 'old', title: 'Old', private: false, state: 'deleted' },
    ]);
    await knex('resource').insert([
      { id: 'r1', package_id: 'p1', url: 'http://a.example/1.csv', name: 'One', format: 'CSV', url_type: '' },
      { id: 'r2', package_id: 'p1', url: null, name: null, format: null, url_type: 'upload' },
      { id: 'r3', package_id: 'p2', url: 'not a URL', name: 'Three', format: 'JSON', url_type: null },
      { id: 'r4', package_id: 'p1', url: 'http://a.example/4.csv', name: 'Four', state: 'deleted' },
      { id: 'r5', package_id: 'p2', url: 'http://a.example/5.csv', name: 'Five', hash: 'md5:00', size: 5 },
    ]);
    await knex.raw(`insert into library.work values (7, 'seven', false);
    insert into library.file values (9, 7, 'http://a.example/9', 1), (10, 7, 'http://a.example/10', 2);`);
  });

  after(() => database.drop());

  test('reads several resources at once, and leaves out what is not there', async () => {
    const { catalog } = portalOf();
    const found = (await catalog.getResources?.(['r5', 'r1', 'r4', 'none'])) ?? [];
    assert.deepEqual(found.map(({ id }) => id).sort(), ['r1', 'r5']);
    assert.deepEqual(
      found.find(({ id }) => id === 'r1'),
      await catalog.getResource('r1'),
    );
    const other = portalOf(library).catalog;
    assert.deepEqual(
      (await other.getResources?.(['9', 'nine', '10']))?.map(({ id }) => id),
      ['9', '10'],
    );
    assert.deepEqual(await other.getResources?.(['nine']), []);
  });

  test('reads a resource, with an empty text where it has no URL', async () => {
    const { catalog } = portalOf();
    assert.deepEqual(await catalog.getResource('r1'), {
      id: 'r1',
      datasetId: 'p1',
      url: 'http://a.example/1.csv',
      name: 'One',
      format: 'CSV',
      urlType: null,
      organisation: null,
      pageUrl: 'https://data.example/dataset/p1/resource/r1',
    });
    const second = {
      ...{ id: 'r2', datasetId: 'p1', url: '', name: null, format: null, urlType: 'upload', organisation: null },
      pageUrl: 'https://data.example/dataset/p1/resource/r2',
    };
    assert.deepEqual(await catalog.getResource('r2'), second);
  });

  test('does not know deleted resources, unknown ids, and texts that cannot be ids', async () => {
    const { catalog } = portalOf();
    for (const id of ['r4', 'unknown', '', 'r\0', "'; drop table resource; --"]) {
      assert.equal(await catalog.getResource(id), null);
    }
  });

  test('finds a dataset by id and by name, with its resources', async () => {
    const { catalog } = portalOf();
    const dataset = await catalog.getDataset('weather');
    assert.deepEqual(
      { ...dataset, resources: dataset?.resources.map(({ id }) => id) },
      {
        ...{ id: 'p1', name: 'weather', title: 'Weather', private: false, resources: ['r1', 'r2'] },
        ...{ organisation: null, pageUrl: 'https://data.example/dataset/weather' },
      },
    );
    assert.deepEqual(await catalog.getDataset('p1'), dataset);
    assert.equal((await catalog.getDataset('drafts'))?.private, true);
    assert.equal(await catalog.getDataset('old'), null);
  });

  test('lists all resources in pages, each once', async () => {
    const { catalog } = portalOf();
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: readonly { readonly id: string }[] = await catalog.listResources({ after, limit: 2 });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id ?? null;
    }
    assert.deepEqual(seen, ['r1', 'r2', 'r3', 'r5']);
  });

  test('writes several resources back without touching anything else', async () => {
    const { catalog, check } = portalOf();
    await check?.();
    await knex.raw('alter table resource add column cache_url text, add column cache_last_updated timestamptz');
    const nothing = { cacheUrl: null, cacheLastUpdated: null, hash: null, size: null, mimetype: 'text/html' };
    await knex.transaction((transaction) =>
      catalog.writeBack([change('r1'), { resourceId: 'r5', ...nothing }, change('unknown')], transaction),
    );
    const rows = await knex('resource').whereIn('id', ['r1', 'r2', 'r5']).orderBy('id');
    assert.deepEqual(rows[0], {
      id: 'r1',
      package_id: 'p1',
      url: 'http://a.example/1.csv',
      name: 'One',
      format: 'CSV',
      url_type: '',
      hash: 'md5:0123',
      size: '3000000000',
      mimetype: 'text/csv',
      state: null,
      changed: 0,
      cache_url: 'https://data.example/archiver/archive/r1',
      cache_last_updated: new Date('2026-11-23T07:09:05Z'),
    });
    assert.equal(rows[1].cache_url, null);
    const { hash, size, mimetype, cache_url } = rows[2];
    assert.deepEqual(
      { hash, size, mimetype, cache_url },
      { hash: 'md5:00', size: '5', mimetype: 'text/html', cache_url: null },
    );
  });

  test('writes nothing when the transaction rolls back', async () => {
    const { catalog } = portalOf();
    const failure = new Error('rolled back');
    const writing = knex.transaction(async (transaction) => {
      await catalog.writeBack([change('r3')], transaction);
      throw failure;
    });
    await assert.rejects(writing, failure);
    assert.equal((await knex('resource').where('id', 'r3').first()).hash, null);
  });

  test('works with other tables, other columns and ids that are numbers', async () => {
    const { catalog, check, settings } = portalOf(library);
    await check?.();
    const ninth = {
      ...{ id: '9', datasetId: '7', url: 'http://a.example/9', name: null, format: null, urlType: null },
      ...{ organisation: null, pageUrl: 'https://data.example/dataset/7/resource/9' },
    };
    assert.deepEqual(await catalog.getResource('9'), ninth);
    assert.equal(await catalog.getResource('nine'), null);
    assert.equal(await catalog.getResource('99999999999999999999'), null);
    assert.equal(await catalog.getResource('09'), null);
    const page = await catalog.listResources({ after: '9', limit: 10 });
    assert.deepEqual(
      page.map(({ id }) => id),
      ['10'],
    );
    assert.equal((await catalog.getDataset('seven'))?.resources.length, 2);
    assert.equal((await catalog.getDataset('7'))?.name, 'seven');
    await knex.transaction((transaction) => catalog.writeBack([{ ...change('10'), size: 42 }], transaction));
    assert.deepEqual(await knex('library.file').where('nr', 10).first(), {
      nr: '10',
      work_nr: 7,
      link: 'http://a.example/10',
      bytes: 42,
    });
    assert.deepEqual(settings, tableSettingsOf(library));
  });

  test('reads whose datasets are from CKAN’s tables, and does without where the role may not', async () => {
    await knex.raw(`create table "group" (id text primary key, name text, title text);
      insert into "group" values ('o1', 'met', 'Met Office');
      alter table package add column owner_org text; update package set owner_org = 'o1' where id = 'p1';
      create role few; grant usage on schema public to few; grant select on resource to few;
      grant select (id, name, title, private, state, owner_org) on package to few`);
    const met = { id: 'o1', name: 'met', title: 'Met Office' };
    const { catalog } = portalOf();
    assert.deepEqual((await catalog.getResource('r1'))?.organisation, met);
    assert.deepEqual((await catalog.getDataset('weather'))?.organisation, met);
    assert.deepEqual((await catalog.getDataset('drafts'))?.organisation, null);
    assert.deepEqual(await catalog.listOrganisations?.(), [{ ...met, parentId: null }]);
    await knex.transaction(async (transaction) => {
      await transaction.raw('set local role few');
      const poor = new TableCatalog(transaction);
      assert.equal((await poor.getResource('r1'))?.organisation, null);
      assert.equal((await poor.getDataset('weather'))?.title, 'Weather');
      assert.deepEqual(await poor.listOrganisations(), []);
      const named = new TableCatalog(transaction, { organisation: { table: 'group' } });
      await assert.rejects(
        named.check(),
        /few lacks SELECT on id, name, title of the portal's table group: GRANT SELECT \("id", "name", "title"\) ON "group" TO "few"/,
      );
    });
    await knex.raw('drop table "group"; alter table package drop column owner_org; drop owned by few; drop role few');
  });

  test('names nobody to write to where the role may not read the addresses, and says so where they are named', async () => {
    await knex.raw(`alter table package add column maintainer text, add column maintainer_email text;
      update package set maintainer_email = 'wanda@weather.example';
      create role clerk; grant usage on schema public to clerk; grant select on resource to clerk;
      grant update on resource to clerk;
      grant select (id, name, title, private, state) on package to clerk`);
    const { catalog } = portalOf();
    const contact = { address: 'wanda@weather.example', name: null };
    assert.deepEqual(await catalog.contactOf?.(['p1', 'p3', 'none']), new Map([['p1', contact]]));
    await knex.transaction(async (transaction) => {
      await transaction.raw('set local role clerk');
      const poor = new TableCatalog(transaction);
      await poor.check();
      assert.deepEqual(await poor.contactOf(['p1']), new Map());
      const named = new TableCatalog(transaction, { dataset: { maintainerEmail: 'maintainer_email' } });
      await assert.rejects(named.check(), /clerk lacks SELECT on maintainer_email of the portal's table package/);
    });
    await knex.raw(`alter table package drop column maintainer, drop column maintainer_email;
      drop owned by clerk; drop role clerk`);
  });

  test('names the table or the columns that a host lacks', async () => {
    const cases: [TableNames, string][] = [
      [{ resource: { table: 'nowhere' } }, "The portal's database has no table nowhere."],
      [{ resource: { url: 'href' } }, "The portal's table resource has no column href."],
      [
        { dataset: { organisationId: 'house' } },
        "The portal's table package has no column house.\nThe portal's database has no table group.",
      ],
      [
        { organisation: { table: 'house' } },
        "The portal's table package has no column owner_org.\nThe portal's database has no table house.",
      ],
      [{ resource: { format: 'kind', size: 'weight' } }, "The portal's table resource has no columns kind, weight."],
      [{ dataset: { private: 'hidden' } }, "The portal's table package has no column hidden."],
      [
        { resource: { ...library.resource, table: 'library.odd', size: 'nr' } },
        "The portal's column library.odd.nr is of type numeric, which is none of text, character varying, uuid, smallint, integer, bigint.",
      ],
    ];
    for (const [tables, message] of cases) {
      await assert.rejects(async () => portalOf(tables).check?.(), { code: 'host-unsuitable', message });
    }
  });

  test('says where the archiver is mounted', () => {
    assert.deepEqual(portalOf().urls, { site: 'https://data.example', archiver: 'https://data.example/archiver' });
  });
});
