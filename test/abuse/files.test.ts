import assert from 'node:assert/strict';
import fs from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SaveFile } from '../../plugin/cli/probe/saveFile.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { listed } from '../../plugin/testing/storedBytes.ts';
import { ShownPortal } from '../support/shownPortal.ts';
import { until } from '../support/until.ts';

const BODY = Buffer.from('a,b\n1,2\n');
const KEY = 'archive/20260102T030405Z/r1/file.csv';
const CSV = { mediaType: 'text/csv' };

async function large(into: FolderStore, key: string) {
  const stage = await into.stage(key, CSV);
  await stage.write(BODY);
  return stage;
}

describe('the folder of copies among other users', () => {
  let folder: string;
  let outside: string;
  let store: FolderStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-rights-'));
    outside = await mkdtemp(join(tmpdir(), 'archiver-outside-'));
    store = new FolderStore({ folder: join(folder, 'store') });
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    for (const place of [folder, outside]) await rm(place, { recursive: true });
  });

  const rightsOf = async (path: string) => ((await stat(join(folder, 'store', path))).mode & 0o7777).toString(8);

  test('makes folders and files for its owner alone', async () => {
    const stage = await large(store, 'archive/20260102T030406Z/r1/file.csv');
    assert.equal(await rightsOf('.stage'), '700');
    for (const name of await readdir(join(folder, 'store', '.stage')))
      assert.equal(await rightsOf(`.stage/${name}`), '600');
    await store.commit(await stage.finish());
    await store.commit(await store.stageWhole(KEY, BODY, CSV));
    for (const path of ['', 'archive', 'archive/20260102T030405Z', 'archive/20260102T030405Z/r1'])
      assert.equal(await rightsOf(path), '700', path);
    assert.equal(await rightsOf(KEY), '600');
    assert.equal(await rightsOf('archive/20260102T030406Z/r1/file.csv'), '600');
  });

  test('shares them with its group where the operator says so, whatever the umask', async () => {
    const shared = new FolderStore({ folder: join(folder, 'store', 'shared'), access: 'group' });
    const umask = process.umask(0o077);
    try {
      await shared.open();
      await shared.commit(await shared.stageWhole(KEY, BODY, CSV));
      await shared.commit(await (await large(shared, 'archive/20260102T030406Z/r1/file.csv')).finish());
    } finally {
      process.umask(umask);
    }
    for (const path of ['', '/archive', '/archive/20260102T030405Z/r1', '/archive/20260102T030406Z'])
      assert.equal(await rightsOf(`shared${path}`), '2770', path);
    assert.equal(await rightsOf(`shared/${KEY}`), '660');
    assert.equal(await rightsOf('shared/archive/20260102T030406Z/r1/file.csv'), '660');
    await shared.close();
  });

  const isRefused = (error: Error) =>
    'code' in error && error.code === 'store-failed' && /is a symbolic link/.test(error.message);

  for (const link of ['archive', 'archive/20260102T030405Z'] as const) {
    test(`writes, lists and removes nothing behind a symbolic link in place of ${link}`, async () => {
      await mkdir(join(outside, '20260102T030405Z', 'r1'), { recursive: true });
      await mkdir(join(outside, 'r1'));
      await writeFile(join(outside, '20260102T030405Z', 'r1', 'file.csv'), 'theirs');
      await writeFile(join(outside, 'r1', 'file.csv'), 'theirs');
      const before = await readdir(outside, { recursive: true });
      if (link === 'archive') await rename(join(folder, 'store', 'archive'), join(folder, 'aside'));
      await symlink(outside, join(folder, 'store', link));
      const stage = await store.stageWhole('archive/20260102T030405Z/r2/file.csv', BODY, CSV);
      await assert.rejects(store.commit(stage), isRefused);
      await store.discard(stage);
      await assert.rejects(store.remove(KEY), isRefused);
      await assert.rejects(listed(store, 'archive/20260102T030405Z/'), isRefused);
      assert.equal(await store.read(KEY, null), null);
      assert.deepEqual(await readdir(outside, { recursive: true }), before);
    });
  }

  test('neither fills nor empties a symbolic link in place of the stages', async () => {
    await writeFile(join(outside, 'ffff.1.1.aaaa'), 'theirs');
    await rm(join(folder, 'store', '.stage'), { recursive: true, force: true });
    await symlink(outside, join(folder, 'store', '.stage'));
    await assert.rejects(store.stageWhole(KEY, BODY, CSV), isRefused);
    await assert.rejects(store.stage(KEY, CSV), isRefused);
    await assert.rejects(store.dropStages(0), isRefused);
    assert.deepEqual(await readdir(outside), ['ffff.1.1.aaaa']);
    await assert.rejects(store.freeBytes(), isRefused);
    await rm(join(folder, 'store', '.stage'));
  });

  test('drops a link among the stages, not what it leads to, and leaves folders', async () => {
    await writeFile(join(outside, 'theirs'), 'theirs');
    await mkdir(join(folder, 'store', '.stage', 'folder'), { recursive: true });
    await symlink(join(outside, 'theirs'), join(folder, 'store', '.stage', 'ffff.1.1.aaaa'));
    assert.equal(await store.dropStages(-1), 1);
    assert.equal(await readFile(join(outside, 'theirs'), 'utf8'), 'theirs');
    assert.deepEqual(await readdir(join(folder, 'store', '.stage')), ['folder']);
    await rm(join(folder, 'store', '.stage'), { recursive: true });
  });

  test('takes the copy that was replaced by a link away, and not what the link leads to', async () => {
    await store.commit(await store.stageWhole(KEY, BODY, CSV));
    await writeFile(join(outside, 'theirs'), 'theirs');
    await rm(join(folder, 'store', KEY));
    await symlink(join(outside, 'theirs'), join(folder, 'store', KEY));
    await store.remove(KEY);
    await assert.rejects(lstat(join(folder, 'store', KEY)));
    assert.equal(await readFile(join(outside, 'theirs'), 'utf8'), 'theirs');
  });
});

/** A link takes the place of `path` in the moment after somebody has looked there, or opened it. */
function swapOnceSeen(path: string, outside: string): () => void {
  const { lstatSync, openSync } = fs;
  let isSwapped = false;
  const seen = (at: unknown) => {
    if (isSwapped || !`${String(at)}/`.startsWith(`${path}/`)) return;
    isSwapped = true;
    fs.renameSync(path, `${path}.aside`);
    fs.symlinkSync(outside, path);
  };
  const watched =
    <Given extends readonly unknown[], Result>(look: (...given: Given) => Result) =>
    (...given: Given): Result => {
      const result = look(...given);
      seen(given[0]);
      return result;
    };
  Object.assign(fs, { lstatSync: watched(lstatSync), openSync: watched(openSync) });
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, { lstatSync, openSync });
    syncBuiltinESMExports();
  };
}

describe('the folder of copies while a link takes the place of one of its folders', {
  skip: process.platform !== 'linux' && 'only Linux shows open folders as paths',
}, () => {
  const TAKEN = 'archive/20260102T030405Z/r1/theirs.csv';
  let folder = '';
  let outside = '';
  let store: FolderStore;
  let restore = () => {};

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-swap-'));
    outside = await mkdtemp(join(tmpdir(), 'archiver-outside-'));
    await mkdir(join(outside, 'r1'));
    await writeFile(join(outside, 'r1', 'theirs.csv'), 'theirs');
    await writeFile(join(outside, 'ffff.1.1.aaaa'), 'theirs');
    const before = new FolderStore({ folder });
    await before.open();
    await before.commit(await before.stageWhole(TAKEN, BODY, CSV));
    await before.close();
    await mkdir(join(folder, '.stage'), { recursive: true });
    store = new FolderStore({ folder });
  });
  afterEach(async () => {
    restore();
    await store.close();
    const left = (await readdir(outside, { recursive: true })).sort();
    const theirs = await readFile(join(outside, 'r1', 'theirs.csv'), 'utf8').catch(() => null);
    await rm(folder, { recursive: true });
    await rm(outside, { recursive: true });
    assert.deepEqual([left, theirs], [['ffff.1.1.aaaa', 'r1', 'r1/theirs.csv'], 'theirs']);
  });

  const swap = (name: string) => {
    restore = swapOnceSeen(join(folder, name), outside);
  };
  /** It may come to an error or not: what counts is what lies outside. */
  const tried = (work: Promise<unknown>) => work.catch(() => undefined);

  test('writes no small stage behind it', async () => {
    swap('.stage');
    await tried(store.stageWhole(KEY, BODY, CSV));
  });

  test('writes no large stage behind it', async () => {
    swap('.stage');
    await tried(large(store, KEY).then((stage) => stage.finish()));
  });

  test('moves no copy behind it', async () => {
    const stage = await store.stageWhole('archive/20260102T030405Z/r2/file.csv', BODY, CSV);
    swap('archive/20260102T030405Z');
    await tried(store.commit(stage));
  });

  test('commits to its place what was staged before the folder of stages was moved away', async () => {
    const key = KEY.replace('r1', 'r4');
    const stage = await store.stageWhole(key, BODY, CSV);
    await rename(join(folder, '.stage'), join(folder, 'aside'));
    await symlink(outside, join(folder, '.stage'));
    assert.equal(await store.commit(stage), 'committed');
    assert.deepEqual(await readFile(join(folder, key)), BODY);
    await rm(join(folder, '.stage'));
  });

  test('commits to the folder that is there by now, not to one that was moved away', async () => {
    await store.commit(await store.stageWhole(KEY.replace('r1', 'r4'), BODY, CSV));
    await rename(join(folder, 'archive', '20260102T030405Z'), join(folder, 'aside'));
    assert.equal(await store.commit(await store.stageWhole(KEY, BODY, CSV)), 'committed');
    assert.deepEqual(await readFile(join(folder, KEY)), BODY);
  });

  test('takes no stage from behind it', async () => {
    const stage = await store.stageWhole(KEY, BODY, CSV);
    const other = join(outside, stage.id);
    await writeFile(other, 'theirs');
    // Another store, which holds no folder of it yet.
    await store.close();
    store = new FolderStore({ folder });
    swap('.stage');
    await tried(store.discard(stage));
    assert.equal(await readFile(other, 'utf8'), 'theirs');
    await rm(other);
  });

  test('removes no copy behind it', async () => {
    swap('archive/20260102T030405Z');
    await tried(store.remove(TAKEN));
  });

  test('drops no stages behind it', async () => {
    swap('.stage');
    await tried(store.dropStages(-1));
  });

  test('works as before where nothing is swapped', async () => {
    assert.equal(await store.commit(await store.stageWhole(KEY.replace('r1', 'r3'), BODY, CSV)), 'committed');
    await store.remove(TAKEN);
    assert.equal(await store.size(TAKEN), null);
  });
});

test('a link in place of the archive is told by the log and by readiness, and ends when it goes', async () => {
  const portal = await ShownPortal.open();
  const outside = await mkdtemp(join(tmpdir(), 'archiver-outside-'));
  portal.files.set('/one.csv', { body: BODY });
  await portal.archived('r1', '/one.csv');
  await rename(join(portal.folder, 'archive'), join(portal.folder, 'aside'));
  await symlink(outside, join(portal.folder, 'archive'));
  portal.files.set('/two.csv', { body: 'a,b\n3,4\n' });
  await portal.save('r2', '/two.csv');
  await until(() => portal.requests.includes('/two.csv'));
  const { body } = await portal.agent().get('/health/ready').expect(503);
  assert.match(JSON.stringify(portal.logged), /a health check failed.*is a symbolic link/);
  assert.equal(body.checks.store.ok, false);
  assert.doesNotMatch(JSON.stringify(body), /symbolic|archiver-/);
  assert.deepEqual(await readdir(outside), []);
  await rm(join(portal.folder, 'archive'));
  await rename(join(portal.folder, 'aside'), join(portal.folder, 'archive'));
  // The store is tried again within seconds, not with each question about it.
  await until(async () => (await portal.agent().get('/health/ready')).status === 200, 30);
  await portal.close();
  await rm(outside, { recursive: true });
});

test('a saved probe never writes through a link that waits at the name of its part', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-save-'));
  const target = join(folder, 'data.csv');
  await writeFile(join(folder, 'theirs'), 'theirs');
  await symlink(join(folder, 'theirs'), `${target}.part`);
  const file = new SaveFile(target);
  await file.stages.stageWhole(KEY, BODY, CSV);
  await file.keep();
  assert.deepEqual(await readFile(target), BODY);
  assert.equal(await readFile(join(folder, 'theirs'), 'utf8'), 'theirs');
  assert.deepEqual((await readdir(folder)).sort(), ['data.csv', 'data.csv.part', 'theirs']);
  await rm(folder, { recursive: true });
});
