import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeCkan } from '../support/fakeCkan.ts';
import { MirrorStage, summaryOf as summary } from '../support/mirrorStage.ts';
import { runCommand } from '../support/runCommand.ts';
import { until } from '../support/until.ts';

describe('a mirrored CKAN portal', () => {
  let stage: MirrorStage;
  beforeEach(async () => {
    stage = await MirrorStage.open('/data');
    stage.ckan.datasets = Array.from({ length: 5 }, (_, number) => stage.linked(number));
  });
  afterEach(() => stage.close());

  it('ends with every resource archived, its index, and what CKAN said of each dataset', async () => {
    const end = await stage.run();
    assert.equal(end.exitCode, 0, end.errors);
    const { seconds, ...rest } = summary(end);
    assert.equal(typeof seconds, 'number');
    assert.deepEqual(rest, {
      site: stage.ckan.site,
      version: '2.11.6',
      datasets: 5,
      resources: 5,
      counts: { archived: 5 },
      copies: 5,
      bytes: 5 * stage.publisher.body('resource-0').length,
      requests: 5,
      apiRequests: 2,
    });
    const { key, md5, sha256, storedAt, ...entry } = (await stage.index()).get('resource-3') ?? {};
    assert.deepEqual(entry, {
      id: 'resource-3',
      dataset: 'dataset-3',
      name: 'resource-3',
      url: stage.publisher.url('resource-3'),
      code: 'archived',
      status: 'Archived successfully',
      bytes: stage.publisher.body('resource-3').length,
      partial: false,
    });
    assert.equal(await readFile(join(stage.folder, key ?? ''), 'utf8'), stage.publisher.body('resource-3'));
    assert.match(`${md5} ${sha256} ${storedAt}`, /^[0-9a-f]{32} [0-9a-f]{64} \d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal((await readdir(join(stage.folder, 'datasets'))).length, 5);
  });

  it('shows people a table of outcomes', async () => {
    stage.publisher.answer = (id, _, response) => id === 'resource-1' && Boolean(response.writeHead(404).end());
    const end = await runCommand(['ckan', stage.ckan.site, '--to', stage.folder], { environment: stage.environment() });
    assert.match(end.output, /5 datasets, 5 resources\n {2}4 {2}archived {2}Archived successfully\n {2}1 {2}gone/);
    assert.equal(end.exitCode, 0);
  });

  it('asks nobody but the portal again while everything is fresh', async () => {
    await stage.run();
    stage.publisher.requests.clear();
    const { copies, requests, apiRequests, counts } = summary(await stage.run());
    assert.deepEqual([copies, requests, apiRequests, counts], [0, 0, 3, { archived: 5 }]);
    assert.equal(stage.publisher.total, 0);
  });

  it('follows what changed at the portal: a new link, a moved one, a dataset that went', async () => {
    await stage.run();
    const [first, second, , , last] = stage.ckan.datasets;
    if (!first || !second || !last) throw new Error('no dataset');
    first.resources.push({ id: 'resource-9', url: stage.publisher.url('resource-9') });
    second.resources[0] = { id: 'resource-1', url: stage.publisher.url('moved') };
    first.metadata_modified = second.metadata_modified = '2026-11-20T10:00:00';
    stage.ckan.datasets.pop();
    stage.publisher.requests.clear();
    const followed = summary(await stage.run());
    assert.deepEqual([followed.datasets, followed.resources, followed.copies], [5, 6, 2]);
    assert.deepEqual([...stage.publisher.requests.keys()].sort(), ['moved', 'resource-9']);
    const { datasets, resources, counts } = summary(await stage.run());
    assert.deepEqual([datasets, resources, counts], [4, 5, { archived: 5 }]);
    assert.equal((await stage.index()).has('resource-4'), false);
    assert.equal(
      (await readdir(join(stage.folder, 'datasets'))).filter((name) => name.startsWith('dataset-0.')).length,
      2,
    );
  });

  it('archives what it knows although the portal is away, and says so', async () => {
    await stage.run(['--limit', '2']);
    await stage.database.knex('archiver.archival').update({ next_check_at: new Date(0) });
    stage.publisher.requests.clear();
    stage.ckan.intercept = ({ action }) =>
      action.startsWith('package_') ? { status: 403, body: '<html>No</html>' } : null;
    const end = await stage.run();
    assert.equal(end.exitCode, 1);
    assert.match(end.errors, /did not answer package_search: it answered 403 with a web page/);
    assert.equal(stage.publisher.total, 2);
    assert.equal(summary(end).resources, 2);
  });

  it('refuses what cannot be meant, before anything is written', async () => {
    const wrong = async (args: readonly string[], said: RegExp) => {
      const end = await runCommand(['ckan', ...args], { environment: stage.environment() });
      assert.equal(end.exitCode, 2, end.errors);
      assert.match(end.errors, said);
    };
    await wrong([stage.ckan.site], /--to <folder>/);
    await wrong(['--to', stage.folder], /site/);
    await wrong(['ftp://x.example', '--to', stage.folder], /no URL of a portal/);
    await wrong([stage.ckan.site, '--to', stage.folder, '--limit', '0'], /whole number/);
    await wrong([stage.ckan.site, '--to', stage.folder, '--watch', 'often'], /6h/);
    await wrong([stage.ckan.site, '--to', stage.folder, '--dataset', 'a', '--limit', '1'], /no other filter/);
    await wrong([stage.ckan.site, '--to', stage.folder, '--token', 'wrong'], /does not know the token/);
    assert.deepEqual(await readdir(stage.folder), []);
  });

  it('never mixes two portals in one folder', async () => {
    await stage.run();
    const other = new FakeCkan();
    await other.start();
    const end = await runCommand(['ckan', other.site, '--to', stage.folder], { environment: stage.environment() });
    await other.stop();
    assert.equal(end.exitCode, 2);
    assert.match(end.errors, /name another folder/);
  });

  it('writes nothing and asks no publisher in a dry run', async () => {
    const circular = { id: 'dump', url: `${stage.ckan.site}/datastore/dump/1`, url_type: 'datastore' };
    stage.ckan.datasets.push(stage.linked(7, { resources: [circular] }));
    const args = ['ckan', stage.ckan.site, '--to', join(stage.folder, 'new'), '--json', '--dry-run'];
    const end = await runCommand(args, { environment: { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' } });
    const { seconds: _, ...rest } = summary(end);
    assert.deepEqual(rest, {
      site: stage.ckan.site,
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
    assert.deepEqual(await readdir(stage.folder), []);
    assert.equal(stage.publisher.total, 0);
  });

  it('counts in a dry run by names what the search of the portal no longer gives', async () => {
    const error = { __type: 'Search Error', message: 'Search error: Solr returned 503' };
    const down = { status: 409, body: { help: 'help', success: false, error } };
    stage.ckan.rowsMax = 2;
    stage.ckan.intercept = ({ action, parameters }) =>
      action === 'package_search' && parameters.start === '2' ? down : null;
    const args = ['ckan', stage.ckan.site, '--to', join(stage.folder, 'new'), '--json', '--dry-run'];
    const end = await runCommand(args, { environment: { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' } });
    const { datasets, resources, hosts } = summary(end);
    assert.deepEqual([end.exitCode, datasets, resources, hosts], [0, 5, 5, 1]);
    assert.match(end.errors, /read one by one/);
    const filtered = await runCommand([...args, '--query', 'tags:x'], {
      environment: { ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8' },
    });
    assert.equal(filtered.exitCode, 1, 'the search alone knows what matches');
  });

  it('keeps nothing where links are only checked, and everything the next time', async () => {
    stage.publisher.answer = (id, _, response) => id === 'resource-1' && Boolean(response.writeHead(404).end());
    const checked = summary(await stage.run(['--check-only']));
    assert.deepEqual([checked.counts, checked.copies], [{ 'checked-only': 4, gone: 1 }, 0]);
    const [link] = await stage.database.knex('archiver.archival').where({ resource_id: 'resource-2' });
    assert.deepEqual([link.code, link.broken, link.failure_count], ['checked-only', false, 0]);
    const task = await stage.database.knex('archiver.task_status').where({ entity_id: 'resource-2' }).first();
    assert.deepEqual([task.state, task.error], ['success', '']);
    const files = await readdir(stage.folder, { recursive: true });
    assert.deepEqual(
      files.filter((name) => name.endsWith('.csv')),
      [],
    );
    const kept = summary(await stage.run());
    assert.deepEqual([kept.counts, kept.copies], [{ archived: 4, gone: 1 }, 4]);
  });

  it('is only checked by the setting, too', async () => {
    const { counts, copies } = summary(await stage.run([], { ARCHIVER_CHECK_ONLY: 'true' }));
    assert.deepEqual([counts, copies], [{ 'checked-only': 5 }, 0]);
  });

  describe('with files of its own', () => {
    const own = (id: string, datasetId: string, url: string, url_type = 'upload') => ({ id, datasetId, url, url_type });
    beforeEach(() => {
      const open = stage.linked(1).id;
      const hidden = stage.linked(2).id;
      stage.ckan.uploads.set('open', 'a,b\n1,2\n');
      stage.ckan.uploads.set('hidden', 'a,b\n1,secret\n');
      const hiddenUrl = stage.ckan.uploadUrl(hidden, 'hidden', 'hidden.csv');
      stage.ckan.datasets = [
        stage.linked(1, {
          resources: [
            own('open', open, stage.ckan.uploadUrl(open, 'open', 'open.csv')),
            own('dump', open, `${stage.ckan.site}/datastore/dump/dump`, 'datastore'),
            own('page', open, `${stage.ckan.site}/de/dataset/rain`, ''),
            own('api', open, `${stage.ckan.site}/api/3/action/status_show`, ''),
            own('thief', open, hiddenUrl, ''),
            own('liar', open, hiddenUrl, 'upload'),
          ],
        }),
        stage.linked(2, { private: true, resources: [own('hidden', hidden, hiddenUrl)] }),
      ];
    });
    const codes = async () => Object.fromEntries([...(await stage.index())].map(([id, { code }]) => [id, code]));

    it('fetches uploads, and nothing that would go round in a circle', async () => {
      await stage.run();
      assert.deepEqual(await codes(), {
        open: 'archived',
        dump: 'circular',
        page: 'circular',
        api: 'circular',
        thief: 'forbidden',
        liar: 'forbidden',
      });
      assert.equal(stage.ckan.callsOf('status_show').length, 1);
    });

    it('gives the token to uploads of the resource itself alone', async () => {
      await stage.run(['--token', 'good']);
      const found = await codes();
      assert.deepEqual([found.hidden, found.thief, found.liar], ['archived', 'forbidden', 'forbidden']);
      const key = (await stage.index()).get('hidden')?.key ?? '';
      assert.equal(await readFile(join(stage.folder, key), 'utf8'), 'a,b\n1,secret\n');
      const tokens = new Set(stage.ckan.callsOf('download').map(({ authorization }) => authorization));
      assert.deepEqual(tokens, new Set(['good', null]));
    });

    it('takes the token from the environment', async () => {
      await stage.run([], { CKAN_API_TOKEN: 'good' });
      assert.equal((await codes()).hidden, 'archived');
    });

    it('leaves private datasets out where copies are public', async () => {
      const { datasets } = summary(
        await stage.run(['--token', 'good'], { ARCHIVER_PUBLIC_COPIES_URL: 'https://copies.example' }),
      );
      assert.equal(datasets, 1);
    });
  });

  it('ends cleanly when it is stopped, and goes on where it was', async () => {
    const ending = new AbortController();
    stage.ckan.datasets = Array.from({ length: 12 }, (_, number) => stage.linked(number));
    stage.publisher.answer = (_id, _request, response) => {
      if (stage.publisher.total <= 5) return false;
      // The sixth waits until the run is stopped.
      if (stage.publisher.total === 6) ending.abort();
      response.on('close', () => undefined);
      return true;
    };
    const stopped = await stage.run([], { ARCHIVER_HOST_CONCURRENCY: '1' }, ending.signal);
    assert.equal(stopped.exitCode, 130);
    assert.match(stopped.errors, /The same command again goes on/);
    assert.equal(stopped.output, '');
    const done = [...(await stage.index()).values()].filter(({ key }) => key !== null).map(({ id }) => id);
    assert.ok(done.length >= 5, `${done.length} were archived`);
    stage.publisher.answer = null;
    stage.publisher.requests.clear();
    const { counts } = summary(await stage.run());
    assert.deepEqual(counts, { archived: 12 });
    assert.deepEqual(
      done.filter((id) => stage.publisher.requests.has(id)),
      [],
    );
  });

  it('runs again after each interval until it is stopped', async () => {
    const ending = new AbortController();
    const running = stage.run(['--watch', '1s'], {}, ending.signal);
    await until(() => stage.ckan.callsOf('package_search').length >= 3);
    stage.ckan.datasets.push(stage.linked(8));
    await until(() => stage.publisher.requests.has('resource-8'));
    ending.abort();
    const end = await running;
    assert.equal(end.exitCode, 130);
    assert.ok(end.output.trim().split('\n').length >= 1);
  });
});
