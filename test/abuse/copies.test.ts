import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { recordsIn } from '../support/recordsIn.ts';
import { byHeader, ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const CSV = 'a,b\n1,2\n3,4\n';

describe('caches of copies', () => {
  let portal: ShownPortal;
  before(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/one.csv', { body: CSV });
    await portal.archived('open', '/one.csv');
    await portal.archived('hidden', '/one.csv', 'secret');
  });
  after(() => portal.close());
  afterEach(() => {
    portal.authorize = byHeader;
  });

  const keyOf = async (id: string) => (await recordsIn(portal.database.knex).copies.newest(id))?.key ?? '';
  const cacheControl = async (id: string, headers: Record<string, string> = {}, query = '') => {
    const { status, headers: answered } = await portal
      .agent()
      .get(`/${await keyOf(id)}${query}`)
      .set(headers);
    assert.equal(status, 200);
    return answered['cache-control'];
  };

  test('may keep what anybody may read for five minutes, whoever asked', async () => {
    const callers: Record<string, string>[] = [{}, { Authorization: 'admin' }, { Cookie: 'a=b' }, { 'X-Api-Key': 'k' }];
    for (const headers of callers) assert.equal(await cacheControl('open', headers), 'public, max-age=300');
  });

  test('keep nothing that a caller was let in to, whatever it showed', async () => {
    assert.equal(await cacheControl('hidden', { Authorization: 'admin' }), 'private, no-store');
    const keys: ((request: IncomingMessage) => unknown)[] = [
      ({ headers }) => headers['x-api-key'],
      ({ headers }) => headers.cookie,
      ({ headers }) => headers['x-forwarded-user'],
      ({ url }) => url?.includes('token=t'),
      ({ socket }) => socket.remoteAddress,
    ];
    for (const key of keys) {
      portal.authorize = (request) => Boolean(key(request));
      const shown = { 'X-Api-Key': 'k', Cookie: 'a=b', 'X-Forwarded-User': 'u' };
      assert.equal(await cacheControl('open', shown, '?token=t'), 'private, no-store', String(key));
    }
  });

  test('keep nothing when the portal cannot say what it lets anybody do', async () => {
    portal.authorize = ({ headers }) => {
      if (headers['x-user'] === undefined) throw new Error('a request without a user');
      return true;
    };
    assert.equal(await cacheControl('open', { 'X-User': 'u' }), 'private, no-store');
    assert.deepEqual(portal.logged.at(-1)?.message, 'authorize threw; denied');
  });

  test('keep nothing of a dataset that turned private, from the next request on', async () => {
    const { knex } = portal.database;
    await knex('package').where({ id: 'd1' }).update({ private: true });
    portal.authorize = () => true;
    assert.equal(await cacheControl('open'), 'private, no-store');
    await knex('package').where({ id: 'd1' }).update({ private: false });
    assert.equal(await cacheControl('open'), 'public, max-age=300');
  });

  test('keep it as long as the operator says', async () => {
    const longer = await ShownPortal.open({ settings: { copyMaxAgeMs: 86_400_000 } });
    longer.files.set('/one.csv', { body: CSV });
    await longer.archived('r1', '/one.csv');
    const key = (await recordsIn(longer.database.knex).copies.newest('r1'))?.key;
    const { headers } = await longer.agent().get(`/${key}`);
    assert.equal(headers['cache-control'], 'public, max-age=86400');
    await longer.close();
  });

  test('follow the resource into the dataset that it is in now', async () => {
    const { knex } = portal.database;
    portal.files.set('/moving.csv', { body: CSV });
    await portal.archived('moving', '/moving.csv');
    const path = `/${await keyOf('moving')}`;
    assert.equal((await portal.agent().get(path)).status, 200);
    await knex('resource').where({ id: 'moving' }).update({ package_id: 'secret' });
    assert.equal((await portal.agent().get(path)).status, 404);
    assert.equal(await cacheControl('moving', { Authorization: 'admin' }), 'private, no-store');
    await knex('resource').where({ id: 'moving' }).delete();
    assert.equal((await portal.agent().get(path)).status, 200, 'of what left the portal the recorded dataset counts');
  });

  test('offer no other name for bytes than one that a double click does not run', async () => {
    for (const [path, name] of [
      ['/report.hta', 'report.csv'],
      ['/report.lnk', 'report.csv'],
      ['/report.js', 'report.csv'],
    ] as const) {
      portal.files.set(path, { body: CSV });
      await portal.archived(path.slice(1), path);
      const { headers } = await portal.agent().get(`/${await keyOf(path.slice(1))}`);
      assert.equal(headers['content-disposition'], `attachment; filename=${name}`);
    }
  });
});

describe('readers that never read', () => {
  let portal: ShownPortal;
  let server: Server;
  let path: string;
  const sockets: Socket[] = [];
  before(async () => {
    portal = await ShownPortal.open({ settings: { readerIdleTimeoutMs: 200, readerMinBytesPerSecond: 100_000_000 } });
    portal.files.set('/large.csv', { body: `a,b\n${'1,2\n'.repeat(8 * 2 ** 20)}` });
    await portal.archived('large', '/large.csv');
    path = `/${(await recordsIn(portal.database.knex).copies.newest('large'))?.key}`;
    server = createServer((request, response) => portal.archiver.handler(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
    await portal.close();
  });

  const ask = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(`GET ${encodeURI(path)} HTTP/1.1\r\nHost: portal.example\r\n\r\n`);
    return socket;
  };
  const openCopies = async () => {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return links.filter((link) => link.endsWith('large.csv')).length;
  };
  const told = () =>
    portal.logged.filter(({ message }) => message === 'a reader of a copy was too slow and was cut off');

  test('are cut off, told of, and hold no file', { skip: process.platform !== 'linux' }, async () => {
    const readers = await Promise.all(Array.from({ length: 20 }, ask));
    for (const reader of readers) reader.pause();
    await until(() => told().length === readers.length, 60);
    await until(async () => (await openCopies()) === 0, 60);
    assert.equal(told()[0]?.level, 'warn');
    assert.deepEqual(Object.keys(told()[0]?.fields ?? {}), ['key', 'resourceId']);
    await portal.agent().get('/health/ready').expect(200);
  });

  test('are cut off too when they take a little now and then', async () => {
    const before = told().length;
    const socket = await ask();
    const timer = setInterval(() => socket.read(1024), 20);
    socket.pause();
    await until(() => told().length > before);
    clearInterval(timer);
  });

  test('do not keep the others from reading', async () => {
    const { text } = await portal.agent().get(path).set('Range', 'bytes=0-2').expect(206);
    assert.equal(text, 'a,b');
  });
});
