import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { ActionClient } from '../../plugin/portal/ckan/actionClient.ts';
import type { MirrorFilters } from '../../plugin/portal/ckan/matchingDatasets.ts';
import { MirrorTables } from '../../plugin/portal/ckan/mirrorTables.ts';
import { synchronise } from '../../plugin/portal/ckan/synchronise.ts';
import { databaseOf } from '../../plugin/record/database/openDatabase.ts';
import { type ClientSurroundings, clientSurroundings } from '../support/ckanClient.ts';
import { FakeCkan, fakeDataset } from '../support/fakeCkan.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const PUBLISHER = 'https://publisher.example';

describe("the mirror's catalogue", () => {
  const ckan = new FakeCkan();
  let deps: ClientSurroundings;
  let database: TestDatabase;
  let tables: MirrorTables;
  let kept: string[] = [];
  let deleted: string[] = [];
  before(async () => {
    await ckan.start();
    deps = clientSurroundings();
  });
  after(async () => {
    await deps.close();
    await ckan.stop();
  });
  beforeEach(async () => {
    database = await freshDatabase();
    tables = new MirrorTables(databaseOf(database.knex, 'archiver_ckan'));
    await tables.open();
    await tables.setSite(ckan.site);
    ckan.datasets = Array.from({ length: 7 }, (_, index) => fakeDataset(index, PUBLISHER));
    ckan.rowsMax = 1000;
    ckan.intercept = () => null;
    ckan.calls.length = 0;
    kept = [];
    deleted = [];
  });
  afterEach(() => database.drop());

  function bring(filters: MirrorFilters = {}, token: string | null = null) {
    return synchronise({
      client: new ActionClient({ ...deps, site: ckan.site, token }),
      tables,
      filters,
      includePrivate: token !== null,
      keepDocument: async ({ name }) => void kept.push(name),
      afterResourceDelete: async ({ resourceId }) => void deleted.push(`resource ${resourceId}`),
      afterDatasetDelete: async ({ datasetId }) => void deleted.push(`dataset ${datasetId}`),
      progress: () => undefined,
      signal: deps.signal,
      logger: deps.logger,
    });
  }
  const names = async () => (await database.knex('archiver_ckan.dataset').orderBy('id')).map(({ name }) => name);
  const all = Array.from({ length: 7 }, (_, index) => `dataset-${index}`);

  describe('while the search of the portal is down', () => {
    const SEARCH_ERROR = { __type: 'Search Error', message: 'Search error: Solr returned 503' };
    const down = { status: 409, body: { help: 'help', success: false, error: SEARCH_ERROR } };
    const breakSearch = () => {
      ckan.intercept = ({ action }) => (action === 'package_search' ? down : null);
    };

    it('is read by the names of the datasets, each by itself, however small the pages of names are', async () => {
      ckan.rowsMax = 3;
      breakSearch();
      assert.deepEqual(await bring(), { isComplete: true, changed: 7, deleted: 0 });
      assert.deepEqual(await names(), all);
      assert.equal(ckan.callsOf('package_show').length, 7);
      assert.equal(ckan.callsOf('package_list').length, 4);
    });

    it('learns what is new and what changed, and loses nothing that is not named, however often', async () => {
      await bring({}, 'good');
      breakSearch();
      const [first] = ckan.datasets;
      assert.ok(first?.resources[0]);
      first.resources[0].url = `${PUBLISHER}/moved.csv`;
      ckan.datasets = [first, ckan.datasets[1], fakeDataset(9, PUBLISHER)].filter((dataset) => dataset !== undefined);
      for (let times = 0; times < 3; times++) assert.equal((await bring({}, 'good')).deleted, 0);
      assert.deepEqual(await names(), [...all, 'dataset-9']);
      assert.deepEqual(deleted, []);
      const moved = await database.knex('archiver_ckan.resource').where({ url: `${PUBLISHER}/moved.csv` });
      assert.equal(moved.length, 1);
      ckan.intercept = () => null;
      await bring({}, 'good');
      assert.equal((await bring({}, 'good')).deleted, 5, 'two listings of the search agree');
    });

    it('is not whole where some of its datasets cannot be shown', async () => {
      ckan.intercept = ({ action, parameters }) =>
        action === 'package_search' || parameters.id === 'dataset-3' ? down : null;
      assert.deepEqual(await bring(), { isComplete: false, changed: 6, deleted: 0 });
    });

    it('fails as it did where no names are given, none at all, or the search alone knows what matches', async () => {
      breakSearch();
      await assert.rejects(bring({ query: 'tags:water' }), /package_search.*Solr returned 503/);
      ckan.intercept = ({ action }) => (action.startsWith('package_') ? down : null);
      await assert.rejects(bring(), /package_search.*Solr returned 503/);
      breakSearch();
      ckan.datasets = [];
      await assert.rejects(bring(), /package_search.*Solr returned 503/);
    });
  });

  describe('when it is read for the first time', () => {
    it('has every dataset and resource, and is told of once', async () => {
      assert.deepEqual(await bring(), { isComplete: true, changed: 7, deleted: 0 });
      assert.deepEqual(await names(), all);
      assert.deepEqual(await tables.count(), { datasets: 7, resources: 7 });
      assert.equal(ckan.calls.length, 1);
      assert.deepEqual(kept.sort(), all);
    });

    it('is whole where the portal silently gives fewer rows than asked for', async () => {
      ckan.rowsMax = 3;
      assert.equal((await bring()).isComplete, true);
      assert.deepEqual(await names(), all);
      assert.deepEqual(
        ckan.calls.map(({ parameters }) => parameters.start),
        ['0', '3', '6'],
      );
    });

    it('is whole although rows move while they are paged', async () => {
      ckan.rowsMax = 3;
      // The first of them goes after the first page: every later one moves up, and one is jumped over.
      ckan.intercept = ({ parameters }) => {
        if (parameters.start === '3' && ckan.datasets.length === 7) {
          ckan.datasets.shift();
          ckan.datasets.push(fakeDataset(7, PUBLISHER), fakeDataset(8, PUBLISHER));
        }
        return null;
      };
      assert.equal((await bring()).isComplete, true);
      assert.deepEqual(await names(), [...all, 'dataset-7', 'dataset-8']);
    });

    it('ends where the portal gives the same page for ever, and says that it is not whole', async () => {
      ckan.rowsMax = 3;
      const first = ckan.datasets.slice(0, 3);
      ckan.intercept = ({ action }) =>
        action === 'package_search'
          ? { status: 200, body: { success: true, result: { count: 7, results: first } } }
          : null;
      assert.equal((await bring()).isComplete, false);
      assert.deepEqual(await names(), all.slice(0, 3));
    });

    it('asks for fewer datasets at a time where a page is too much for the portal', async () => {
      const broken = { status: 500, body: '<html>Out of memory</html>' };
      ckan.intercept = ({ parameters }) => (Number(parameters.rows) > 60 ? broken : null);
      assert.equal((await bring()).isComplete, true);
      assert.equal(ckan.calls.at(-1)?.parameters.rows, '25');
    });

    it('reads numbers, truths and times as old portals write them', async () => {
      const [first] = ckan.datasets;
      if (!first) throw new Error('no dataset');
      first.private = 'False';
      first.metadata_modified = '2015-03-04 05:06:07';
      first.resources = [{ id: '1', url: 'a\0b', size: '12', url_type: '', position: '4' }];
      ckan.datasets = [first];
      await bring();
      const [row] = await database.knex('archiver_ckan.resource').select('url', 'url_type', 'position', 'remote_size');
      assert.deepEqual(row, { url: 'ab', url_type: null, position: 4, remote_size: '12' });
      const [dataset] = await database.knex('archiver_ckan.dataset').select('private', 'modified_at');
      assert.deepEqual(dataset, { private: false, modified_at: new Date('2015-03-04T05:06:07Z') });
    });

    it('holds neither drafts nor deleted ones, and private ones only for a token', async () => {
      ckan.tokens.set('good', { name: 'editor', sysadmin: false });
      ckan.datasets = [
        fakeDataset(1, PUBLISHER, { private: true }),
        fakeDataset(2, PUBLISHER, { state: 'draft' }),
        fakeDataset(3, PUBLISHER, { state: 'deleted' }),
        fakeDataset(4, PUBLISHER, { resources: [{ id: 'gone', url: 'https://x.example', state: 'deleted' }] }),
      ];
      await bring();
      assert.deepEqual(await names(), ['dataset-4']);
      assert.deepEqual(await tables.count(), { datasets: 1, resources: 0 });
      await bring({}, 'good');
      assert.deepEqual(await names(), ['dataset-1', 'dataset-4']);
    });

    it('fails where the portal does not answer, and begins again the next time', async () => {
      ckan.rowsMax = 3;
      ckan.intercept = ({ action, parameters }) =>
        parameters.start === '3' || action === 'package_list' ? { status: 403, body: '<html>No</html>' } : null;
      await assert.rejects(bring(), { code: 'portal-failed', message: /web page/ });
      ckan.intercept = () => null;
      assert.equal((await bring()).isComplete, true);
      assert.deepEqual(await names(), all);
    });
  });

  describe('when it is read again', () => {
    it('asks for what changed in the hour before the newest change, and for the ids', async () => {
      await bring();
      ckan.calls.length = 0;
      kept = [];
      const [, second] = ckan.datasets;
      if (second) second.metadata_modified = '2026-11-02T10:00:00';
      for (const dataset of ckan.datasets) if (dataset !== second) dataset.metadata_modified = '2026-11-01T08:00:00';
      await tables.setListedUntil(new Date('2026-11-01T10:00:00Z'));
      await database.knex('archiver_ckan.dataset').update({ modified_at: new Date('2026-11-01T08:00:00Z') });
      assert.deepEqual(await bring(), { isComplete: true, changed: 1, deleted: 0 });
      assert.deepEqual(kept, ['dataset-1']);
      assert.deepEqual(
        ckan.calls.map(({ parameters }) => [parameters.fq, parameters.fl]),
        [
          ['+metadata_modified:[2026-11-01T09:00:00.000Z TO *]', undefined],
          [undefined, 'id,metadata_modified'],
        ],
      );
      assert.deepEqual((await tables.state())?.listedUntil, new Date('2026-11-02T10:00:00Z'));
    });

    it('reads what is listed but was not among the changes', async () => {
      await bring();
      await tables.setListedUntil(new Date('2026-12-01T10:00:00Z'));
      ckan.datasets.push(fakeDataset(9, PUBLISHER));
      assert.deepEqual(await bring(), { isComplete: true, changed: 1, deleted: 0 });
      assert.equal((await names()).at(-1), 'dataset-9');
    });

    it('loses a resource, and what another URL gave, at once', async () => {
      await bring();
      const [first, second] = ckan.datasets;
      if (!first || !second) throw new Error('no dataset');
      await database.knex('archiver_ckan.resource').update({ cache_url: 'https://archive.example/copy' });
      const [dropped] = first.resources.splice(0, 1, { id: 'new', url: `${PUBLISHER}/new.csv` });
      second.resources[0] = { id: second.resources[0]?.id ?? '', url: `${PUBLISHER}/moved.csv` };
      first.metadata_modified = second.metadata_modified = '2026-11-05T10:00:00';
      await bring();
      assert.deepEqual(deleted, [`resource ${dropped?.id}`]);
      const urls = await database.knex('archiver_ckan.resource').whereNull('cache_url').orderBy('url').pluck('url');
      assert.deepEqual(urls, [`${PUBLISHER}/moved.csv`, `${PUBLISHER}/new.csv`]);
    });

    it('takes a dataset for deleted when two listings in a row lack it', async () => {
      await bring();
      const [gone] = ckan.datasets.splice(2, 1);
      assert.deepEqual(await bring(), { isComplete: true, changed: 0, deleted: 0 });
      assert.deepEqual(await names(), all);
      assert.deepEqual(await bring(), { isComplete: true, changed: 0, deleted: 1 });
      assert.deepEqual(deleted, [`dataset ${gone?.id}`]);
      assert.equal((await names()).length, 6);
    });

    it('survives a portal that for once lists nothing, or half', async () => {
      await bring();
      const datasets = ckan.datasets;
      for (const listed of [[], datasets, datasets.slice(0, 3), datasets]) {
        ckan.datasets = listed;
        await bring();
      }
      assert.deepEqual(deleted, []);
      assert.deepEqual(await names(), all);
    });

    it('does not take for deleted what a part of the portal, or nobody without a token, is shown', async () => {
      ckan.tokens.set('good', { name: 'editor', sysadmin: false });
      ckan.datasets.push(fakeDataset(8, PUBLISHER, { private: true }));
      await bring({}, 'good');
      await bring();
      await bring();
      await bring({ limit: 2 });
      await bring({ datasets: ['dataset-1'] });
      assert.deepEqual(deleted, []);
    });
  });

  describe('of a part of the portal', () => {
    it('is what was named', async () => {
      const [, second] = ckan.datasets;
      if (second) second.organization = { name: 'statistics' };
      await bring({ organization: 'statistics' });
      assert.deepEqual(await names(), ['dataset-1']);
      await bring({ datasets: ['dataset-5'] });
      assert.deepEqual(await names(), ['dataset-1', 'dataset-5']);
      await bring({ limit: 3 });
      assert.deepEqual(await names(), ['dataset-0', 'dataset-1', 'dataset-2', 'dataset-5']);
      assert.equal((await tables.state())?.listedUntil, null);
      await assert.rejects(bring({ datasets: ['nosuch'] }), { code: 'not-found' });
    });
  });
});
