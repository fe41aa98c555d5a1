import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { IndexEntry } from '../../plugin/mirror/indexFile.ts';
import { FakeCkan, type FakeDataset, fakeDataset } from '../support/fakeCkan.ts';
import { FilePublisher } from '../support/filePublisher.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { type CommandEnd, runCommand } from '../support/runCommand.ts';
import { until } from '../support/until.ts';

describe('a mirrored CKAN portal', () => {
  const ckan = new FakeCkan('/data');
  let publisher: FilePublisher;
  let database: TestDatabase;
  let folder = '';
  before(async () => {
    await ckan.start();
    publisher = await FilePublisher.start(1);
  });
  after(async () => {
    await ckan.stop();
    await publisher.stop();
  });
  beforeEach(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'archiver-mirror-'));
    ckan.datasets = Array.from({ length: 5 }, (_, index) => linked(index));
    ckan.intercept = () => null;
    ckan.calls.length = 0;
    ckan.tokens.clear();
    ckan.tokens.set('good', { name: 'editor', sysadmin: false });
    publisher.requests.clear();
    publisher.answer = null;
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function linked(index: number, more: Partial<FakeDataset> = {}): FakeDataset {
    const id = `resource-${index}`;
    return fakeDataset(index, '', { resources: [{ id, name: id, url: publisher.url(id), format: 'CSV' }], ...more });
  }
  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    DATABASE_URL: database.url,
    ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
    ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
    ARCHIVER_HOST_BURST: '1000',
    ARCHIVER_THREADS: '1',
    ARCHIVER_RETRY_DELAYS_MS: '',
    ...more,
  });
  const mirror = (args: readonly string[] = [], more = {}, signal?: AbortSignal): Promise<CommandEnd> =>
    runCommand(['ckan', ckan.site, '--to', folder, '--json', ...args], { environment: environment(more), signal });
  const summary = ({ output }: CommandEnd) => JSON.parse(output);
  const index = async (): Promise<Map<string, IndexEntry>> => {
    const { resources } = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    return new Map(resources.map((entry: IndexEntry) => [entry.id, entry]));
  };

  it('ends with every resource archived, its index, and what CKAN said of each dataset', async () => {
    const end = await mirror();
    assert.deepEqual([end.exitCode, end.errors], [0, '']);
    const { seconds, ...rest } = summary(end);
    assert.equal(typeof seconds, 'number');
    assert.deepEqual(rest, {
      site: ckan.site,
      version: '2.11.6',
      datasets: 5,
      resources: 5,
      counts: { archived: 5 },
      copies: 5,
      bytes: 5 * publisher.body('resource-0').length,
      requests: 5,
      apiRequests: 2,
    });
    const { key, md5, sha256, storedAt, ...entry } = (await index()).get('resource-3') ?? {};
    assert.deepEqual(entry, {
      id: 'resource-3',
      dataset: 'dataset-3',
      name: 'resource-3',
      url: publisher.url('resource-3'),
      code: 'archived',
      status: 'Archived successfully',
      bytes: publisher.body('resource-3').length,
    });
    assert.equal(await readFile(join(folder, key ?? ''), 'utf8'), publisher.body('resource-3'));
    assert.match(`${md5} ${sha256} ${storedAt}`, /^[0-9a-f]{32} [0-9a-f]{64} \d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal((await readdir(join(folder, 'datasets'))).length, 5);
  });

  it('shows people a table of outcomes', async () => {
    publisher.answer = (id, _, response) => id === 'resource-1' && Boolean(response.writeHead(404).end());
    const end = await runCommand(['ckan', ckan.site, '--to', folder], { environment: environment() });
    assert.match(end.output, /5 datasets, 5 resources\n {2}4 {2}archived {2}Archived successfully\n {2}1 {2}gone/);
    assert.equal(end.exitCode, 0);
  });

  it('asks nobody but the portal again while everything is fresh', async () => {
    await mirror();
    publisher.requests.clear();
    const { copies, requests, apiRequests, counts } = summary(await mirror());
    assert.deepEqual([copies, requests, apiRequests, counts], [0, 0, 3, { archived: 5 }]);
    assert.equal(publisher.total, 0);
  });

  it('follows what changed at the portal: a new link, a moved one, a dataset that went', async () => {
    await mirror();
    const [first, second, , , last] = ckan.datasets;
    if (!first || !second || !last) throw new Error('no dataset');
    first.resources.push({ id: 'resource-9', url: publisher.url('resource-9') });
    second.resources[0] = { id: 'resource-1', url: publisher.url('moved') };
    first.metadata_modified = second.metadata_modified = '2026-11-20T10:00:00';
    ckan.datasets.pop();
    publisher.requests.clear();
    const followed = summary(await mirror());
    assert.deepEqual([followed.datasets, followed.resources, followed.copies], [5, 6, 2]);
    assert.deepEqual([...publisher.requests.keys()].sort(), ['moved', 'resource-9']);
    const { datasets, resources, counts } = summary(await mirror());
    assert.deepEqual([datasets, resources, counts], [4, 5, { archived: 5 }]);
    assert.equal((await index()).has('resource-4'), false);
    assert.equal((await readdir(join(folder, 'datasets'))).filter((name) => name.startsWith('dataset-0.')).length, 2);
  });

  it('archives what it knows although the portal is away, and says so', async () => {
    await mirror(['--limit', '2']);
    await database.knex('archiver.archival').update({ next_check_at: new Date(0) });
    publisher.requests.clear();
    ckan.intercept = ({ action }) => (action === 'package_search' ? { status: 403, body: '<html>No</html>' } : null);
    const end = await mirror();
    assert.equal(end.exitCode, 1);
    assert.match(end.errors, /did not answer package_search: it answered 403 with a web page/);
    assert.equal(publisher.total, 2);
    assert.equal(summary(end).resources, 2);
  });

  it('refuses what cannot be meant, before anything is written', async () => {
    const wrong = async (args: readonly string[], said: RegExp) => {
      const end = await runCommand(['ckan', ...args], { environment: environment() });
      assert.equal(end.exitCode, 2, end.errors);
      assert.match(end.errors, said);
    };
    await wrong([ckan.site], /--to <folder>/);
    await wrong(['--to', folder], /site/);
    await wrong(['ftp://x.example', '--to', folder], /no URL of a portal/);
    await wrong([ckan.site, '--to', folder, '--limit', '0'], /whole number/);
    await wrong([ckan.site, '--to', folder, '--watch', 'often'], /6h/);
    await wrong([ckan.site, '--to', folder, '--dataset', 'a', '--limit', '1'], /no other filter/);
    await wrong([ckan.site, '--to', folder, '--token', 'wrong'], /does not know the token/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('never mixes two portals in one folder', async () => {
    await mirror();
    const other = new FakeCkan();
    await other.start();
    const end = await runCommand(['ckan', other.site, '--to', folder], { environment: environment() });
    await other.stop();
    assert.equal(end.exitCode, 2);
    assert.match(end.errors, /name another folder/);
  });

  it('writes nothing and asks no publisher in a dry run', async () => {
    const circular = { id: 'dump', url: `${ckan.site}/datastore/dump/1`, url_type: 'datastore' };
    ckan.datasets.push(linked(7, { resources: [circular] }));
    const args = ['ckan', ckan.site, '--to', join(folder, 'new'), '--json', '--dry-run'];
    const end = await runCommand(args, { environment: { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' } });
    const { seconds: _, ...rest } = summary(end);
    assert.deepEqual(rest, {
      site: ckan.site,
      version: '2.11.6',
      datasets: 6,
      resources: 6,
      counts: { circular: 1 },
      copies: 0,
      bytes: 0,
      requests: 0,
      apiRequests: 2,
      hosts: 1,
    });
    assert.deepEqual(await readdir(folder), []);
    assert.equal(publisher.total, 0);
  });

  it('keeps nothing where links are only checked, and everything the next time', async () => {
    publisher.answer = (id, _, response) => id === 'resource-1' && Boolean(response.writeHead(404).end());
    const checked = summary(await mirror(['--check-only']));
    assert.deepEqual([checked.counts, checked.copies], [{ 'checked-only': 4, gone: 1 }, 0]);
    const [link] = await database.knex('archiver.archival').where({ resource_id: 'resource-2' });
    assert.deepEqual([link.code, link.broken, link.failure_count], ['checked-only', false, 0]);
    const task = await database.knex('archiver.task_status').where({ entity_id: 'resource-2' }).first();
    assert.deepEqual([task.state, task.error], ['success', '']);
    const files = await readdir(folder, { recursive: true });
    assert.deepEqual(
      files.filter((name) => name.endsWith('.csv')),
      [],
    );
    const kept = summary(await mirror());
    assert.deepEqual([kept.counts, kept.copies], [{ archived: 4, gone: 1 }, 4]);
  });

  it('is only checked by the setting, too', async () => {
    const { counts, copies } = summary(await mirror([], { ARCHIVER_CHECK_ONLY: 'true' }));
    assert.deepEqual([counts, copies], [{ 'checked-only': 5 }, 0]);
  });

  describe('with files of its own', () => {
    const own = (id: string, datasetId: string, url: string, url_type = 'upload') => ({ id, datasetId, url, url_type });
    beforeEach(() => {
      const open = linked(1).id;
      const hidden = linked(2).id;
      ckan.uploads.set('open', 'a,b\n1,2\n');
      ckan.uploads.set('hidden', 'a,b\n1,secret\n');
      const hiddenUrl = ckan.uploadUrl(hidden, 'hidden', 'hidden.csv');
      ckan.datasets = [
        linked(1, {
          resources: [
            own('open', open, ckan.uploadUrl(open, 'open', 'open.csv')),
            own('dump', open, `${ckan.site}/datastore/dump/dump`, 'datastore'),
            own('page', open, `${ckan.site}/de/dataset/rain`, ''),
            own('api', open, `${ckan.site}/api/3/action/status_show`, ''),
            own('thief', open, hiddenUrl, ''),
            own('liar', open, hiddenUrl, 'upload'),
          ],
        }),
        linked(2, { private: true, resources: [own('hidden', hidden, hiddenUrl)] }),
      ];
    });
    const codes = async () => Object.fromEntries([...(await index())].map(([id, { code }]) => [id, code]));

    it('fetches uploads, and nothing that would go round in a circle', async () => {
      await mirror();
      assert.deepEqual(await codes(), {
        open: 'archived',
        dump: 'circular',
        page: 'circular',
        api: 'circular',
        thief: 'forbidden',
        liar: 'forbidden',
      });
      assert.equal(ckan.callsOf('status_show').length, 1);
    });

    it('gives the token to uploads of the resource itself alone', async () => {
      await mirror(['--token', 'good']);
      const found = await codes();
      assert.deepEqual([found.hidden, found.thief, found.liar], ['archived', 'forbidden', 'forbidden']);
      const key = (await index()).get('hidden')?.key ?? '';
      assert.equal(await readFile(join(folder, key), 'utf8'), 'a,b\n1,secret\n');
      const tokens = new Set(ckan.callsOf('download').map(({ authorization }) => authorization));
      assert.deepEqual(tokens, new Set(['good', null]));
    });

    it('takes the token from the environment', async () => {
      await mirror([], { CKAN_API_TOKEN: 'good' });
      assert.equal((await codes()).hidden, 'archived');
    });

    it('leaves private datasets out where copies are public', async () => {
      const { datasets } = summary(
        await mirror(['--token', 'good'], { ARCHIVER_PUBLIC_COPIES_URL: 'https://copies.example' }),
      );
      assert.equal(datasets, 1);
    });
  });

  it('ends cleanly when it is stopped, and goes on where it was', async () => {
    const ending = new AbortController();
    ckan.datasets = Array.from({ length: 12 }, (_, number) => linked(number));
    publisher.answer = (_id, _request, response) => {
      if (publisher.total <= 5) return false;
      // The sixth waits until the run is stopped.
      if (publisher.total === 6) ending.abort();
      response.on('close', () => undefined);
      return true;
    };
    const stopped = await mirror([], { ARCHIVER_HOST_CONCURRENCY: '1' }, ending.signal);
    assert.equal(stopped.exitCode, 130);
    assert.match(stopped.errors, /The same command again goes on/);
    assert.equal(stopped.output, '');
    const done = [...(await index()).values()].filter(({ key }) => key !== null).map(({ id }) => id);
    assert.ok(done.length >= 5, `${done.length} were archived`);
    publisher.answer = null;
    publisher.requests.clear();
    const { counts } = summary(await mirror());
    assert.deepEqual(counts, { archived: 12 });
    assert.deepEqual(
      done.filter((id) => publisher.requests.has(id)),
      [],
    );
  });

  it('runs again after each interval until it is stopped', async () => {
    const ending = new AbortController();
    const running = mirror(['--watch', '1s'], {}, ending.signal);
    await until(() => ckan.callsOf('package_search').length >= 3);
    ckan.datasets.push(linked(8));
    await until(() => publisher.requests.has('resource-8'));
    ending.abort();
    const end = await running;
    assert.equal(end.exitCode, 130);
    assert.ok(end.output.trim().split('\n').length >= 1);
  });
});
