import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ActionClient } from '../support/actions.ts';
import { ExampleFolder, isAlive, type RunningPortal } from '../support/examplePortal.ts';

const FILES = fileURLToPath(new URL('../data', import.meta.resolve('vega-datasets')));
const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
const isSettled = (view: { code: string | null; pending: boolean }) => view.code !== null && !view.pending;

describe('npm start -- --once', () => {
  let folder: ExampleFolder;
  before(async () => {
    folder = await ExampleFolder.create();
  });
  after(() => folder.remove());

  let first: { resources: { name: string; key: string | null }[] };

  test('archives every seeded resource, prints nothing but JSON and ends with 0', async () => {
    const { code, out, errors } = await folder.run(['--once', '--json']);
    assert.equal(code, 0, errors);
    const report = JSON.parse(out);
    assert.deepEqual(Object.keys(report), ['portal', 'queue', 'store', 'resources', 'ok']);
    assert.equal(report.ok, true);
    assert.equal(report.queue, 'agenda-postgresql');
    assert.equal(report.store, 'folder');
    assert.ok(report.resources.length >= 12);
    for (const resource of report.resources) {
      const keys = ['id', 'name', 'url', 'expected', 'status', 'code', 'size', 'md5', 'cacheUrl', 'key', 'ms'];
      assert.deepEqual(Object.keys(resource), keys);
      assert.equal(resource.code, resource.expected, resource.name);
      assert.equal(typeof resource.ms, 'number');
    }
    first = report;
    const { key, md5, size } = report.resources.find(({ name }: { name: string }) => name === 'birdstrikes.csv');
    const original = await readFile(join(FILES, 'birdstrikes.csv'));
    assert.deepEqual(await readFile(join(folder.folder, 'store', key)), original);
    assert.deepEqual({ md5, size }, { md5: md5Of(original), size: original.length });
  });

  test('ends its PostgreSQL and leaves copies and their mark alone in the store', async () => {
    assert.equal(await folder.postmaster(), null);
    assert.deepEqual((await readdir(join(folder.folder, 'store'))).sort(), ['.portal-archiver.json', 'archive']);
  });

  test('finds on a second start what the first one kept', async () => {
    const { code, out } = await folder.run(['--once', '--json']);
    assert.equal(code, 0);
    const keysOf = ({ resources }: typeof first) => resources.map(({ key }) => key);
    assert.deepEqual(keysOf(JSON.parse(out)), keysOf(first));
  });

  test('ends with 2 and names every wrong setting, before anything is started', async () => {
    const { code, out, errors } = await folder.run(['--once'], {
      ARCHIVER_MAX_BITES: '1',
      ARCHIVER_ALLOW_NETWORKS: 'localhost',
      PORT: 'http',
    });
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(errors, /^PORT is "http"/);
    assert.match(errors, /ARCHIVER_MAX_BITES is no setting; did you mean ARCHIVER_MAX_BYTES\?/);
    assert.match(errors, /ARCHIVER_ALLOW_NETWORKS .*localhost/);
  });

  test('ends with 2 on wrong settings whatever else is in the way, and so does a worker', async () => {
    const wrong = { ARCHIVER_STORE: 's3', EXAMPLE_DATA: join(folder.folder, 'nothing-here') };
    const ends = await Promise.all([folder.run([], wrong), folder.run([], wrong, 'worker.ts')]);
    assert.deepEqual(
      ends.map(({ code }) => code),
      [2, 2],
    );
    const { code, errors } = await folder.run([], { ...wrong, ARCHIVER_STORE: 'folder' }, 'worker.ts');
    assert.equal(code, 1);
    assert.match(errors, /^No portal was started on /);
  });

  test('names the database that cannot be used, and finds its own again afterwards', async () => {
    const { code, errors } = await folder.run(['--once'], { DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none' });
    assert.equal(code, 1);
    assert.match(errors, /The database of DATABASE_URL cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1/);
    const { code: again, errors: said } = await folder.run(['--once', '--json']);
    assert.equal(again, 0, said);
  });

  test('ends with 1 and names the port when PORT is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, errors } = await folder.run(['--once'], { PORT: String(port) });
    server.close();
    assert.deepEqual([code, errors], [1, `PORT is ${port}, and that port is busy.\n`]);
  });
});

describe('the example portal', () => {
  let folder: ExampleFolder;
  let portal: RunningPortal;
  let admin: ActionClient;
  let editor: ActionClient;
  let anyone: ActionClient;
  let requests: string[] = [];
  const publisher = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === '/large.csv') return void sendLarge(response);
    response.setHeader('Content-Type', 'text/csv').end(`a,b\n1,${request.url}\n2,3\n`);
  });
  /** A dead worker's resources are free again after two seconds. */
  const settings = () => ({
    ARCHIVER_ALLOW_NETWORKS: `127.0.0.1/32:${(publisher.address() as AddressInfo).port}`,
    ARCHIVER_LEASE_MS: '2000',
  });
  const hostOf = () => `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`;

  before(async () => {
    publisher.listen(0, '127.0.0.1');
    await once(publisher, 'listening');
    folder = await ExampleFolder.create();
    portal = await folder.start({
      ADMIN_TOKEN: 'token-of-the-administrator',
      ...settings(),
    });
    admin = new ActionClient(portal.site, portal.admin);
    editor = new ActionClient(portal.site, portal.editor);
    anyone = new ActionClient(portal.site);
    await editor.result('package_create', { name: 'open', title: 'Open' });
    await editor.result('package_create', { name: 'closed', private: true });
  });
  after(async () => {
    publisher.close();
    await folder.remove();
  });

  test('takes the tokens that were given, and makes the others', () => {
    assert.equal(portal.admin, 'token-of-the-administrator');
    assert.match(portal.editor, /^[\w-]{20,}$/);
  });

  test('archives a resource that was created, and says so everywhere', async () => {
    const url = `${portal.publisher}/data/penguins.json`;
    const { id } = await editor.result('resource_create', { package_id: 'open', url, name: 'penguins' });
    const { copies } = await anyone.archived(id, isSettled);
    const resource = await anyone.result('resource_show', { id });
    const original = await readFile(join(FILES, 'penguins.json'));
    assert.equal(resource.cache_url, copies[0].url);
    assert.equal(resource.hash, `md5:${md5Of(original)}`);
    assert.equal(resource.size, original.length);
    assert.deepEqual(Buffer.from(await (await fetch(resource.cache_url)).arrayBuffer()), original);
    const query = `entity_id=${id}&task_type=archiver&key=status`;
    const { body } = await anyone.ask(`/api/3/action/task_status_show?${query}`);
    assert.equal(body.result.state, 'success');
    assert.equal(body.result.entity_type, 'resource');
    assert.equal(JSON.parse(body.result.value).code, 'archived');
    assert.equal(resource.archiver.is_broken_printable, 'Downloaded OK');
  });

  test('archives nothing when a name is edited, and again when the URL is', async () => {
    const input = { package_id: 'open', url: `${hostOf()}/one.csv`, name: 'one' };
    const { id } = await editor.result('resource_create', input);
    const { copies } = await anyone.archived(id, isSettled);
    requests = [];
    await editor.result('resource_update', { id, url: input.url, name: 'another name' });
    const renamed = await editor.result('resource_show', { id });
    assert.deepEqual([renamed.name, renamed.cache_url], ['another name', copies[0].url]);
    await editor.result('resource_update', { id, url: `${hostOf()}/two.csv`, name: 'two', cache_url: 'x', hash: 'y' });
    const view = await anyone.archived(id, (now) => now.copies.length === 2 && isSettled(now));
    assert.deepEqual(requests, ['/two.csv']);
    assert.equal(view.copies[1].key, copies[0].key);
    const updated = await anyone.result('resource_show', { id });
    assert.deepEqual([updated.cache_url, updated.hash], [view.copies[0].url, `md5:${view.copies[0].md5}`]);
  });

  test('accepts any text as a URL and lets the archiver judge it', async () => {
    for (const url of ['', 'not a link', 'ftp://example.org/x', 'http:/one-slash', '☃', `x${'y'.repeat(5000)}`]) {
      const { id } = await editor.result('resource_create', { package_id: 'open', url });
      const view = await anyone.archived(id, isSettled);
      assert.equal(view.status, 'URL invalid', url);
    }
  });

  test('hides a private dataset and its copies from the anonymous', async () => {
    const input = { package_id: 'closed', url: `${hostOf()}/secret.csv` };
    const { id } = await editor.result('resource_create', input);
    const view = await editor.archived(id, isSettled);
    const path = new URL(view.copies[0].url).pathname;
    assert.equal((await anyone.ask(path)).status, 404);
    assert.equal((await anyone.ask(`/archiver/resources/${id}`)).status, 404);
    assert.equal((await anyone.call('package_show', { id: 'closed' })).status, 403);
    assert.equal((await anyone.call('resource_show', { id })).status, 403);
    assert.equal((await anyone.ask('/dataset/closed')).status, 404);
    assert.equal((await anyone.result('package_search', { q: 'closed' })).count, 0);
    const { headers } = await fetch(`${portal.site}${path}`, { headers: { Authorization: portal.editor } });
    assert.doesNotMatch(headers.get('cache-control') ?? '', /public/);
    assert.equal((await editor.ask(path)).body, 'a,b\n1,/secret.csv\n2,3\n');
    assert.equal((await editor.result('package_search', { q: 'closed', include_private: true })).count, 1);
  });

  test('lets an editor archive a resource, and only an administrator a dataset', async () => {
    const { resources } = await anyone.result('package_show', { id: 'open' });
    const ask = (client: ActionClient, path: string) => client.ask(`/archiver${path}`, { method: 'POST' });
    const one = `/resources/${resources[0].id}/archive`;
    const statuses = [];
    for (const client of [anyone, editor, admin]) {
      statuses.push([(await ask(client, one)).status, (await ask(client, '/datasets/open/archive')).status]);
    }
    assert.deepEqual(statuses, [
      [403, 403],
      [202, 403],
      [202, 202],
    ]);
  });

  test('answers in the manner of CKAN when something is wrong', async () => {
    const typeOf = async (client: ActionClient, action: string, input: unknown) => {
      const { status, body } = await client.call(action, input);
      return [status, body.success, body.error?.__type];
    };
    const name = { name: 'new-one' };
    assert.deepEqual(await typeOf(anyone, 'package_create', name), [403, false, 'Authorization Error']);
    assert.deepEqual(await typeOf(editor, 'package_create', { name: 'open' }), [409, false, 'Validation Error']);
    assert.deepEqual(await typeOf(editor, 'package_create', { name: 'No!' }), [409, false, 'Validation Error']);
    assert.deepEqual(await typeOf(anyone, 'package_show', { id: 'nobody' }), [404, false, 'Not Found Error']);
    assert.deepEqual(await typeOf(anyone, 'package_show', {}), [409, false, 'Validation Error']);
    const unknown = await anyone.call('package_fly');
    assert.deepEqual(unknown, { status: 400, body: 'Bad request - Action name not known: package_fly' });
    const broken = await anyone.ask('/api/3/action/package_show', { method: 'POST', body: '{' });
    assert.deepEqual([broken.status, typeof broken.body], [400, 'string']);
    const list = await anyone.call('package_show', ['open']);
    assert.deepEqual(list, { status: 400, body: 'Bad request - The body must be a JSON object.' });
    assert.deepEqual(await typeOf(anyone, 'resource_show', { id: '\0' }), [409, false, 'Validation Error']);
    assert.equal((await anyone.ask('/dataset/%00')).status, 404);
    assert.equal((await anyone.ask('/dataset/%ff')).status, 400);
  });

  test('finds a task_status by its own id too', async () => {
    const { resources } = await anyone.result('package_show', { id: 'open' });
    const key = { entity_id: resources[0].id, task_type: 'archiver', key: 'status' };
    const status = await anyone.result('task_status_show', key);
    // Its resource may be archived again meanwhile: the row is the same, its state need not be.
    const { id, entity_id } = await anyone.result('task_status_show', { id: status.id });
    assert.deepEqual([id, entity_id], [status.id, key.entity_id]);
    assert.equal((await anyone.call('task_status_show', { id: 'nobody' })).status, 404);
    assert.equal((await anyone.call('task_status_show')).status, 409);
  });

  test('sorts datasets as CKAN is asked to', async () => {
    const namesBy = async (sort?: string) => {
      const { results } = await anyone.result('package_search', { sort, rows: 100 });
      return results.map(({ name }: { name: string }) => name);
    };
    const names = await namesBy('name asc');
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(await namesBy('name desc'), [...names].reverse());
    assert.deepEqual((await namesBy('score desc, metadata_modified desc')).length, names.length);
    assert.equal((await anyone.call('package_search', { sort: 'name; drop table package' })).status, 409);
  });

  test('forgets a deleted resource and keeps its copies', async () => {
    const { id } = await editor.result('resource_create', { package_id: 'open', url: `${hostOf()}/going.csv` });
    const { copies } = await anyone.archived(id, isSettled);
    await editor.result('resource_delete', { id });
    assert.equal((await anyone.call('resource_show', { id })).status, 404);
    assert.equal(await readFile(join(folder.folder, 'store', copies[0].key), 'utf8'), 'a,b\n1,/going.csv\n2,3\n');
  });

  test('is alone on its folder', async () => {
    const { code, errors } = await folder.run(['--once']);
    assert.equal(code, 1);
    assert.match(errors, /^Another portal \(process \d+\) runs on /);
  });

  test('takes one more worker process, which stops when it is asked to', async () => {
    const worker = await folder.startWorker();
    assert.equal(worker.said, 'One more worker on agenda-postgresql, into folder. Ctrl-C ends it.\n');
    const { code, errors } = await worker.stop();
    assert.deepEqual([code, errors], [0, '']);
  });

  test('goes on where kill -9 ended it in the middle of a large file, on the PostgreSQL that outlived it', async () => {
    const { id } = await editor.result('resource_create', { package_id: 'open', url: `${hostOf()}/large.csv` });
    const stages = () => readdir(join(folder.folder, 'store', '.stage')).catch(() => []);
    while ((await stages()).length === 0) await wait(20);
    const postmaster = await folder.postmaster();
    await portal.kill();
    assert.ok(postmaster && isAlive(postmaster));

    isHeldBack = false;
    const again = await folder.start({ ADMIN_TOKEN: portal.admin, ...settings() });
    assert.equal(await folder.postmaster(), postmaster);
    const { copies } = await new ActionClient(again.site).archived(id, isSettled);
    const kept = await readFile(join(folder.folder, 'store', copies[0].key));
    assert.deepEqual([copies.length, kept.length, copies[0].md5], [1, LARGE_BYTES, md5Of(kept)]);
    const files = await readdir(join(folder.folder, 'store'), { recursive: true });
    assert.equal(files.filter((file) => file.endsWith('large.csv')).length, 1);
    assert.deepEqual(await stages(), []);
    const { cache_url } = await new ActionClient(again.site).result('resource_show', { id });
    const { resources } = await new ActionClient(again.site).result('package_show', { id: 'weather' });
    for (const url of [cache_url, resources[0].cache_url]) assert.equal((await fetch(url)).status, 200, url);

    const { code } = await again.stop();
    assert.equal(code, 0);
    assert.equal(await folder.postmaster(), null);
  });
});

const LARGE_BYTES = 64 * 2 ** 20;
let isHeldBack = true;

/** The first time it never comes to its end. */
function sendLarge(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/csv', 'Content-Length': LARGE_BYTES });
  const block = Buffer.alloc(2 ** 20, 'abc,def\n');
  const blocks = Array.from({ length: isHeldBack ? 32 : 64 }, () => block);
  const body = Readable.from(blocks).on('error', () => undefined);
  body.pipe(response, { end: !isHeldBack });
  response.on('close', () => body.destroy());
}
