import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { AzureBlobStore } from '../../plugin/store/azureBlobStore.ts';
import { DividedStore } from '../../plugin/store/dividedStore.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { archiveStoreContract } from '../../plugin/testing/archiveStoreContract.ts';
import { bytesOf } from '../../plugin/testing/storedBytes.ts';
import { testAzurite } from '../support/azurite.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const PUBLIC = 'https://copies.example/public';
const ROUTES = 'http://portal.example/archiver';
const CSV = 'a,b\n1,2\n3,4\n';

/** The copies; the mark is no secret. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '.portal-archiver.json');
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}

describe('public copies in a portal with private datasets', () => {
  let hidden: string;
  let portal: ShownPortal;
  before(async () => {
    hidden = await mkdtemp(join(tmpdir(), 'archiver-private-'));
    portal = await ShownPortal.open({ settings: { publicCopiesUrl: PUBLIC, privateFolder: hidden } });
    portal.files.set('/one.csv', { body: CSV });
    portal.files.set('/two.csv', { body: 'x,y\n5,6\n7,8\n' });
    await portal.archived('open', '/one.csv');
    await portal.archived('secret-1', '/two.csv', 'secret');
  });
  after(async () => {
    await portal.close();
    await rm(hidden, { recursive: true });
  });

  const addressOf = async (id: string): Promise<string> =>
    (await portal.database.knex('resource').where({ id }).first()).cache_url;
  const keyOf = async (id: string) => (await recordsIn(portal.database.knex).copies.newest(id))?.key ?? '';
  const get = (path: string, as: string) => portal.agent().get(path).set('Authorization', as);

  test('keep those of private datasets apart, and give them an address of ours alone', async () => {
    const [open, secret] = [await keyOf('open'), await keyOf('secret-1')];
    assert.equal(await addressOf('open'), `${PUBLIC}/${open}`);
    assert.equal(await addressOf('secret-1'), `${ROUTES}/${secret}`);
    assert.deepEqual(await filesIn(portal.folder), [open]);
    assert.deepEqual(await filesIn(hidden), [secret]);
    assert.equal((await get(`/${secret}`, '')).status, 404);
    assert.equal((await get(`/${secret}`, 'admin')).text, 'x,y\n5,6\n7,8\n');
    assert.equal((await get(`/${open}`, '')).text, CSV);
  });

  test('show the same addresses in the routes', async () => {
    const { body: open } = await get('/resources/open', '').expect(200);
    assert.equal(open.copies[0].url, `${PUBLIC}/${await keyOf('open')}`);
    for (const path of ['/resources/secret-1', '/datasets/secret']) {
      const { text } = await get(path, 'admin').expect(200);
      assert.ok(text.includes(`"${ROUTES}/archive/`) && !text.includes(PUBLIC), path);
    }
  });

  test('leave the public place when their dataset turns private, and come back when it opens again', async () => {
    const { knex } = portal.database;
    const key = await keyOf('open');
    const turn = async (isPrivate: boolean) => {
      await knex('package').where({ id: 'd1' }).update({ private: isPrivate });
      await portal.archiver.hooks.afterDatasetUpdate({ datasetId: 'd1', resourceId: null });
    };
    await turn(true);
    await until(async () => (await addressOf('open')) === `${ROUTES}/${key}`);
    assert.deepEqual(await filesIn(portal.folder), []);
    assert.equal((await get(`/${key}`, 'admin')).text, CSV);
    await turn(false);
    await until(async () => (await addressOf('open')) === `${PUBLIC}/${key}`);
    assert.deepEqual(await filesIn(portal.folder), [key]);
  });

  test('follow a resource into a private dataset', async () => {
    const key = await keyOf('open');
    await portal.database.knex('resource').where({ id: 'open' }).update({ package_id: 'secret' });
    await portal.archiver.hooks.afterResourceUpdate({ datasetId: 'secret', resourceId: 'open' });
    await until(async () => (await addressOf('open')) === `${ROUTES}/${key}`);
    assert.deepEqual(await filesIn(portal.folder), []);
  });

  test('are found out by the next check where no hook told of the change', async () => {
    const key = await keyOf('secret-1');
    await portal.database.knex('package').where({ id: 'secret' }).update({ private: false });
    const { body } = await portal.agent().post('/resources/secret-1/archive').set('Authorization', 'admin').expect(202);
    await portal.ended(body.id);
    assert.equal(await addressOf('secret-1'), `${PUBLIC}/${key}`);
    assert.ok((await filesIn(portal.folder)).includes(key));
    const warned = portal.logged.filter(({ message }) => !message.startsWith('the start waits for'));
    assert.deepEqual(warned, []);
  });
});

describe('the files behind a page', () => {
  for (const landing of ['best', 'all'] as const) {
    test(`of a private dataset lie in the private place, those of an open one in the public (${landing})`, async () => {
      const hidden = await mkdtemp(join(tmpdir(), 'archiver-private-'));
      const portal = await ShownPortal.open({ settings: { publicCopiesUrl: PUBLIC, privateFolder: hidden, landing } });
      try {
        for (const id of ['open', 'secret-1']) {
          const links = `<a href="/${id}.csv">${id} (CSV)</a>`;
          const body = `<!doctype html><title>${id}</title><h1>${id}</h1><ul><li>${links}</li></ul>`;
          portal.files.set(`/${id}`, { body, headers: { 'Content-Type': 'text/html' } });
          portal.files.set(`/${id}.csv`, { body: `${id},b\n1,2\n3,4\n` });
        }
        await portal.archived('open', '/open');
        await portal.archived('secret-1', '/secret-1', 'secret');
        const { copies } = recordsIn(portal.database.knex);
        const keyOf = async (id: string) => (await copies.newest(id))?.key ?? assert.fail(`no copy of ${id}`);
        const [open, secret] = [await keyOf('open'), await keyOf('secret-1')];
        assert.deepEqual(await filesIn(portal.folder), [open]);
        assert.deepEqual(await filesIn(hidden), [secret]);
        const shown = await portal.agent().get('/resources/secret-1').set('Authorization', 'admin').expect(200);
        assert.equal(shown.body.derived[0].copyUrl, `${ROUTES}/${secret}`);
        assert.ok(!shown.text.includes(PUBLIC));
        await portal.agent().get(`/${secret}`).expect(404);
        const { text } = await portal.agent().get(`/${secret}`).set('Authorization', 'admin').expect(200);
        assert.equal(text, 'secret-1,b\n1,2\n3,4\n');
        const row = await portal.database.knex('resource').where({ id: 'secret-1' }).first();
        assert.equal(row.cache_url, landing === 'best' ? `${ROUTES}/${secret}` : null);
      } finally {
        await portal.close();
        await rm(hidden, { recursive: true });
      }
    });
  }
});

describe('the settings of public copies', () => {
  const wrong = (settings: Record<string, string>) => () => loadConfig({ environment: {}, settings });
  const AZURE = { store: 'azure', azureConnectionString: 'UseDevelopmentStorage=true', publicCopiesUrl: PUBLIC };

  test('say why the start refuses without a place for private copies', () => {
    const reason = /the copies of private datasets need ARCHIVER_PRIVATE_FOLDER \(privateFolder\)/;
    assert.throws(wrong({ publicCopiesUrl: PUBLIC }), reason);
    assert.throws(wrong(AZURE), /private datasets need ARCHIVER_AZURE_PRIVATE_CONTAINER \(azurePrivateContainer\)/);
    assert.throws(wrong({ ...AZURE, privateFolder: '/tmp/x' }), /ARCHIVER_AZURE_PRIVATE_CONTAINER/);
  });

  test('refuse one place for both', () => {
    assert.throws(wrong({ ...AZURE, azurePrivateContainer: 'archive' }), /is where the other copies lie, too/);
    for (const privateFolder of ['/tmp/x', '/tmp/x/', '/tmp/x/private', '/tmp/y/../x'])
      assert.throws(wrong({ folder: '/tmp/x', privateFolder }), /is where the other copies lie, too/);
    assert.doesNotThrow(wrong({ folder: '/tmp/x', privateFolder: '/tmp/xy' }));
  });

  test('are right with two', () => {
    const gcs = { store: 'gcs', gcsBucket: 'open-copies', publicCopiesUrl: PUBLIC };
    assert.throws(wrong(gcs), /private datasets need ARCHIVER_GCS_PRIVATE_BUCKET \(gcsPrivateBucket\)/);
    assert.doesNotThrow(wrong({ ...gcs, gcsPrivateBucket: 'private-copies' }));
    const s3 = { store: 's3', s3Bucket: 'copies', s3PrivateBucket: 'copies' };
    assert.throws(wrong(s3), /ARCHIVER_S3_PRIVATE_BUCKET \(s3PrivateBucket\) is where the other copies lie/);
    assert.doesNotThrow(wrong({ ...AZURE, azurePrivateContainer: 'private' }));
    assert.doesNotThrow(wrong({ publicCopiesUrl: PUBLIC, privateFolder: '/tmp/x' }));
  });
});

archiveStoreContract({
  name: 'a public and a private folder',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'archiver-divided-'));
    const openStore = () =>
      new DividedStore(
        new FolderStore({ folder: join(folder, 'open') }),
        new FolderStore({ folder: join(folder, 'private') }),
      );
    const [store, other] = [openStore(), openStore()];
    await store.open();
    return {
      store,
      other,
      leftovers: async () => (await readdir(folder, { recursive: true })).filter((path) => path.includes('.stage/')),
      close: async () => {
        await Promise.all([store.close(), other.close()]);
        await rm(folder, { recursive: true });
      },
    };
  },
});

test('two blob containers hand a copy over whole, and only once', async () => {
  const azurite = await testAzurite();
  const name = `divided-${process.pid}-${Date.now()}`;
  const at = (container: string) => new AzureBlobStore({ connectionString: azurite.connectionString, container });
  const [open, hidden] = [at(`${name}-open`), at(`${name}-private`)];
  const store = new DividedStore(open, hidden);
  await store.open();
  const key = 'archive/20260102T030405Z/r1/file.csv';
  const body = Buffer.alloc(9 * 1024 * 1024, 'a,b\n');
  const stage = await store.stage(key, { mediaType: 'text/csv', isPrivate: true });
  await stage.write(body);
  assert.equal(await store.commit(await stage.finish()), 'committed');
  assert.deepEqual([await open.size(key), await hidden.size(key)], [null, body.length]);
  const late = await store.stageWhole(key, Buffer.from('x'), { mediaType: 'text/csv' });
  assert.equal(await store.commit(late), 'exists');
  assert.equal(await store.place(key, false, 'text/csv'), true);
  assert.equal(await store.place(key, false, 'text/csv'), false);
  assert.deepEqual([await open.size(key), await hidden.size(key)], [body.length, null]);
  assert.deepEqual(await bytesOf(store, key), body);
  await store.close();
  await azurite.stop();
});

test('a name that a crash left without bytes never costs the copy that is moved there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-crash-'));
  const store = new DividedStore(
    new FolderStore({ folder: join(folder, 'open') }),
    new FolderStore({ folder: join(folder, 'private') }),
  );
  await store.open();
  const key = 'archive/20260102T030405Z/r1/file.csv';
  await store.commit(await store.stageWhole(key, Buffer.from(CSV), { mediaType: 'text/csv' }));
  await mkdir(join(folder, 'private', 'archive/20260102T030405Z/r1'), { recursive: true });
  await assert.rejects(store.place(key, true, null), /is taken where its copy should be moved to/);
  assert.equal(String(await bytesOf(store, key)), CSV);
  await store.close();
  await rm(folder, { recursive: true });
});
