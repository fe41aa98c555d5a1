import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createExpressPortal } from '../../plugin/portal/expressPortal.ts';
import { tableNamesOf, tableSettingsOf, withCkanNames } from '../../plugin/portal/tableNames.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/runCommand.ts';
import { SILENT } from '../support/testPortal.ts';

/** Nothing is called as in CKAN, and both count from 1. */
const TABLES = `
  create schema library;
  create table library.house (nr integer primary key, label text, "full name" text, fate text, part_of integer);
  create table library.work (nr integer primary key, label text not null, "full title" text, hidden boolean, fate text,
    house integer, keeper text, "keeper's mail" text, writer text, writer_mail text);
  insert into library.house values (5, 'press', 'The Press', null, null), (6, 'maps', null, null, 5);
  create table library.file (nr integer primary key, work_nr integer not null, link text not null, caption text, kind text,
    origin text, fate text, copy_link text, copy_time timestamptz, digest text, bytes bigint, media text);
  insert into library.work (nr, label, "full title", hidden, fate) values (1, 'one', 'Work one', false, null), (2, 'two', 'Work two', true, null), (3, 'three', null, false, 'deleted');
  update library.work set house = 6 where nr = 2;
  insert into library.file (nr, work_nr, link) values (1, 1, 'https://a.example/1'), (4, 2, 'https://a.example/4');`;

const NAMES: Readonly<Record<string, string>> = {
  ARCHIVER_RESOURCE_TABLE: 'library.file',
  ARCHIVER_RESOURCE_ID_COLUMN: 'nr',
  ARCHIVER_RESOURCE_DATASET_COLUMN: 'work_nr',
  ARCHIVER_RESOURCE_URL_COLUMN: 'link',
  ARCHIVER_RESOURCE_NAME_COLUMN: 'caption',
  ARCHIVER_RESOURCE_FORMAT_COLUMN: 'kind',
  ARCHIVER_RESOURCE_URL_TYPE_COLUMN: 'origin',
  ARCHIVER_RESOURCE_STATE_COLUMN: 'fate',
  ARCHIVER_RESOURCE_CACHE_URL_COLUMN: 'copy_link',
  ARCHIVER_RESOURCE_CACHE_LAST_UPDATED_COLUMN: 'copy_time',
  ARCHIVER_RESOURCE_HASH_COLUMN: 'digest',
  ARCHIVER_RESOURCE_SIZE_COLUMN: 'bytes',
  ARCHIVER_RESOURCE_MIMETYPE_COLUMN: 'media',
  ARCHIVER_DATASET_TABLE: 'library.work',
  ARCHIVER_DATASET_ID_COLUMN: 'nr',
  ARCHIVER_DATASET_NAME_COLUMN: 'label',
  ARCHIVER_DATASET_TITLE_COLUMN: 'full title',
  ARCHIVER_DATASET_PRIVATE_COLUMN: 'hidden',
  ARCHIVER_DATASET_STATE_COLUMN: 'fate',
  ARCHIVER_DATASET_ORGANISATION_COLUMN: 'house',
  ARCHIVER_DATASET_MAINTAINER_COLUMN: 'keeper',
  ARCHIVER_DATASET_MAINTAINER_EMAIL_COLUMN: "keeper's mail",
  ARCHIVER_DATASET_AUTHOR_COLUMN: 'writer',
  ARCHIVER_DATASET_AUTHOR_EMAIL_COLUMN: 'writer_mail',
  ARCHIVER_DATASET_PAGE: '/works/{id}',
  ARCHIVER_RESOURCE_PAGE: 'https://files.example/{id}',
  ARCHIVER_ORGANISATION_TABLE: 'library.house',
  ARCHIVER_ORGANISATION_ID_COLUMN: 'nr',
  ARCHIVER_ORGANISATION_NAME_COLUMN: 'label',
  ARCHIVER_ORGANISATION_TITLE_COLUMN: 'full name',
  ARCHIVER_ORGANISATION_STATE_COLUMN: 'fate',
  ARCHIVER_ORGANISATION_PARENT_COLUMN: 'part_of',
  ARCHIVER_ORGANISATION_MEMBER_TABLE: 'no_member',
};

describe('the names of a portal’s tables and columns', () => {
  let database: TestDatabase;
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-names-'));
    database = await freshDatabase();
    await database.knex.raw(TABLES);
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const command = (args: readonly string[], names: Readonly<Record<string, string>> = NAMES) =>
    runCommand(args, { environment: { DATABASE_URL: database.url, ARCHIVER_FOLDER: folder, ...names } });

  it('are settings, one for each, of which CKAN’s are the defaults', () => {
    assert.deepEqual(tableNamesOf(loadConfig({ environment: {} })), withCkanNames({}));
    const named = tableNamesOf(loadConfig({ environment: NAMES }));
    const values = Object.values(named).flatMap((names) => Object.values<string | null>(names));
    assert.deepEqual(values.sort(), Object.values(NAMES).sort());
    assert.deepEqual(tableNamesOf(loadConfig({ environment: {}, settings: tableSettingsOf(named) })), named);
  });

  it('may say that there are no private datasets', () => {
    const none = { ARCHIVER_DATASET_PRIVATE_COLUMN: '' };
    assert.equal(tableNamesOf(loadConfig({ environment: none })).dataset.private, null);
    assert.deepEqual(tableSettingsOf({ dataset: { private: null } }), { datasetPrivateColumn: '' });
  });

  it('can be no more than names', () => {
    for (const wrong of ['a.b', 'a"b', 'a?', ':a', 'a as b', 'x'.repeat(64)]) {
      assert.throws(
        () => loadConfig({ environment: { ARCHIVER_RESOURCE_NAME_COLUMN: wrong } }),
        /ARCHIVER_RESOURCE_NAME/,
      );
    }
  });

  it('win over those that the portal was made with', async () => {
    const portal = createExpressPortal({
      knex: database.knex,
      site: 'https://data.example',
      name: 'library',
      version: '1',
      logger: SILENT,
      authorize: () => true,
      tables: {
        resource: { table: 'library.nothing', name: 'label' },
        dataset: { table: 'library.work', title: 'label' },
      },
    });
    await portal.check?.(loadConfig({ environment: NAMES, settings: portal.settings ?? {} }));
    assert.equal((await portal.catalog.getDataset('1'))?.title, 'Work one');
    assert.deepEqual(await portal.catalog.getResource('4'), {
      ...{ id: '4', datasetId: '2', url: 'https://a.example/4', name: null, format: null, urlType: null },
      ...{ organisation: { id: '6', name: 'maps', title: null }, pageUrl: 'https://files.example/4' },
    });
    assert.equal((await portal.catalog.getDataset('two'))?.pageUrl, 'https://data.example/works/2');
    assert.deepEqual(await portal.catalog.listOrganisations?.(), [
      { id: '5', name: 'press', title: 'The Press', parentId: null },
      { id: '6', name: 'maps', title: null, parentId: '5' },
    ]);
  });

  it('are compared with the tables, and all that is wrong is in one report', async () => {
    const wrong = {
      ARCHIVER_RESOURCE_NAME_COLUMN: 'titel',
      ARCHIVER_RESOURCE_CACHE_URL_COLUMN: 'kopie',
      ARCHIVER_RESOURCE_HASH_COLUMN: 'bytes',
      ARCHIVER_DATASET_NAME_COLUMN: 'naam',
    };
    const { exitCode, output, errors } = await command(['archive', '1'], { ...NAMES, ...wrong });
    assert.deepEqual([exitCode, output], [2, '']);
    assert.equal(
      errors,
      "The portal's table library.file has no columns titel, kopie.\nThe portal's table library.work has no column naam.\n" +
        "The portal's column library.file.bytes is of type bigint, which is none of text, character varying, character.\n",
    );
    const { rows } = await database.knex.raw("select 1 from pg_namespace where nspname = 'archiver'");
    assert.equal(rows.length, 0, 'migrated although the tables do not fit');
  });

  it('let the command line archive without a module of the portal', async () => {
    assert.equal((await command(['migrate', 'up'])).exitCode, 0);
    const { exitCode, output, errors } = await command(['archive', 'dataset', '1', '--json']);
    assert.equal(exitCode, 0, errors);
    const { kind, subjectId, total } = JSON.parse(output);
    assert.deepEqual([kind, subjectId, total], ['dataset', '1', 1]);
  });

  const ASKED = [
    { args: ['dataset', 'one'], kind: 'dataset', id: '1', told: '' },
    { args: ['resource', '1'], kind: 'resource', id: '1', told: '' },
    { args: ['2'], kind: 'dataset', id: '2', told: 'the dataset two (2)\n' },
    { args: ['two'], kind: 'dataset', id: '2', told: 'the dataset two (2)\n' },
    { args: ['4'], kind: 'resource', id: '4', told: 'the resource 4\n' },
    { args: ['all'], kind: 'all', id: null, told: '' },
  ];
  for (const { args, kind, id, told } of ASKED) {
    it(`lead to one subject: archive ${args.join(' ')}`, async () => {
      const { exitCode, output, errors } = await command(['archive', ...args, '--json']);
      assert.deepEqual([exitCode, errors], [0, told]);
      const run = JSON.parse(output);
      assert.deepEqual([run.kind, run.subjectId], [kind, id]);
    });
  }

  const REFUSED: readonly (readonly [readonly string[], number, string])[] = [
    [['1'], 2, 'There is a dataset one and a resource 1: say archive dataset 1 or archive resource 1.\n'],
    [['3'], 1, 'There is no dataset and no resource 3.\n'],
    [['dataset', '4'], 1, 'There is no dataset 4.\n'],
    [['resource', '2'], 1, 'There is no resource 2.\n'],
    [['dataset'], 2, 'Which dataset? Say: archive dataset <id>.\n'],
    [['1', '2'], 2, '1 2 is none of: dataset <id>, resource <id>, all, <id>.\n'],
  ];
  for (const [args, code, message] of REFUSED) {
    it(`start nothing where it is not clear what is meant: archive ${args.join(' ')}`, async () => {
      const { exitCode, output, errors } = await command(['archive', ...args]);
      assert.deepEqual([exitCode, output, errors], [code, '', message]);
    });
  }
});
