import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { archiveStoreContract } from '../../plugin/testing/archiveStoreContract.ts';
import type { StoreUnderTest } from '../../plugin/testing/StoreUnderTest.ts';
import { bytesOf, isStoreFailed, listed } from '../../plugin/testing/storedBytes.ts';
import { LOADER } from '../support/loader/loader.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const KEY = 'archive/20260102T030405Z/r1/file.csv';

archiveStoreContract({ name: 'a folder', open: openFolder });

async function openFolder(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-folder-'));
  const store = new FolderStore({ folder });
  const other = new FolderStore({ folder });
  await store.open();
  return {
    store,
    other,
    leftovers: async () => (await everything(folder)).filter((path) => path.includes('.stage/')),
    close: async () => {
      await store.close();
      await other.close();
      assert.deepEqual(await readdir(folder), ['.portal-archiver.json', 'archive']);
      await rm(folder, { recursive: true });
    },
  };
}

describe('the folder', () => {
  let folder: string;
  let store: FolderStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-folder-'));
    store = new FolderStore({ folder });
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const keep = async (key: string) => store.commit(await store.stageWhole(key, BODY, CSV));

  test('holds each copy under its key, and while working stages, and nothing else', async () => {
    const stage = await store.stageWhole(KEY, BODY, CSV);
    assert.deepEqual((await readdir(folder)).sort(), ['.stage', 'archive']);
    await store.commit(stage);
    await keep('archive/20260102T030406Z/r1/file.csv');
    await store.close();
    assert.deepEqual(await everything(folder), [
      'archive/20260102T030405Z/r1/file.csv',
      'archive/20260102T030406Z/r1/file.csv',
    ]);
    assert.deepEqual(await readdir(folder), ['archive']);
    assert.deepEqual(await readFile(join(folder, KEY)), BODY);
  });

  test('is made with its parents when it is missing', async () => {
    const deep = new FolderStore({ folder: join(folder, 'not', 'there') });
    await deep.open();
    await deep.commit(await deep.stageWhole(KEY, BODY, CSV));
    await deep.close();
    assert.deepEqual(await readdir(join(folder, 'not', 'there')), ['archive']);
  });

  test('loses the folders that a removed copy leaves empty, and no others', async () => {
    await keep(KEY);
    await keep('archive/20260102T030405Z/r2/file.csv');
    await keep('archive/20260102T030406Z/r1/file.csv');
    await store.remove(KEY);
    await store.remove('archive/20260102T030406Z/r1/file.csv');
    assert.deepEqual(await everything(join(folder, 'archive')), ['20260102T030405Z/r2/file.csv']);
    assert.deepEqual(await readdir(join(folder, 'archive')), ['20260102T030405Z']);
    assert.deepEqual(await readdir(join(folder, 'archive', '20260102T030405Z')), ['r2']);
  });

  test('stays usable while copies beside it are removed', async () => {
    for (let round = 0; round < 100; round++) {
      await keep(KEY);
      const stage = await store.stageWhole('archive/20260102T030405Z/r2/file.csv', BODY, CSV);
      const [result] = await Promise.all([store.commit(stage), store.remove(KEY)]);
      assert.equal(result, 'committed');
      await store.remove('archive/20260102T030405Z/r2/file.csv');
    }
  });

  test('takes stages while another process tidies their folder away', async () => {
    const code = `const { rmdirSync } = require('node:fs');
      console.log('tidying');
      for (;;) try { rmdirSync(process.argv[1]); } catch {}`;
    const other = spawn(process.execPath, ['-e', code, join(folder, '.stage')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(other.stdout, 'data');
      for (let round = 0; round < 100; round++) await store.discard(await store.stageWhole(KEY, BODY, CSV));
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  });

  test('does not follow a symbolic link, be it the file or a folder on the way', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'archiver-outside-'));
    await mkdir(join(outside, 'r1'));
    await writeFile(join(outside, 'r1', 'file.csv'), 'secret');
    await mkdir(join(folder, 'archive', 'file', 'r1'), { recursive: true });
    await symlink(join(outside, 'r1', 'file.csv'), join(folder, 'archive', 'file', 'r1', 'file.csv'));
    await symlink(outside, join(folder, 'archive', 'folder'));
    for (const key of ['archive/file/r1/file.csv', 'archive/folder/r1/file.csv']) {
      assert.equal(await store.read(key, null), null, key);
      assert.equal(await store.size(key), null, key);
    }
    assert.deepEqual(await listed(store, 'archive/'), []);
    await rm(outside, { recursive: true });
  });

  test('may itself be reached through a symbolic link', async () => {
    const link = `${folder}-link`;
    await symlink(folder, link);
    await keep(KEY);
    const linked = new FolderStore({ folder: link });
    assert.deepEqual(await bytesOf(linked, KEY), BODY);
    await rm(link);
  });

  test('has no copy where a folder lies', async () => {
    await keep(KEY);
    assert.equal(await store.read('archive/20260102T030405Z/r1', null), null);
    assert.equal(await store.size('archive/20260102T030405Z/r1'), null);
  });

  test('drops the stages of a process that was killed', async () => {
    const child = spawn(process.execPath, [...LOADER, '--input-type=module', '-e', leaveStage(folder)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    assert.equal(await store.dropStages(0), 0, 'it lives');
    child.kill('SIGKILL');
    await exited;
    assert.equal(await store.dropStages(24 * 3600 * 1000), 1);
    await store.close();
    assert.deepEqual(await readdir(folder), ['archive']);
  });

  test('drops the stages of other machines by their age alone', async () => {
    await mkdir(join(folder, '.stage'), { recursive: true });
    const old = join(folder, '.stage', 'ffff.1.1.aaaa');
    const fresh = join(folder, '.stage', 'ffff.1.1.bbbb');
    for (const path of [old, fresh]) await writeFile(path, 'x');
    const hoursAgo = new Date(Date.now() - 2 * 3600 * 1000);
    await utimes(old, hoursAgo, hoursAgo);
    assert.equal(await store.dropStages(3600 * 1000), 1);
    assert.deepEqual(await readdir(join(folder, '.stage')), ['ffff.1.1.bbbb']);
  });

  test('tells how much room is left', async () => {
    const free = await store.freeBytes();
    assert.ok(free !== null && free > 0);
  });

  test('that cannot be made is a broken store, named in the message', async () => {
    await writeFile(join(folder, 'file'), '');
    const broken = new FolderStore({ folder: join(folder, 'file') });
    await assert.rejects(broken.open(), (error: Error) => isStoreFailed(error) && error.message.includes('file'));
    await assert.rejects(broken.stageWhole(KEY, BODY, CSV), isStoreFailed);
    await assert.rejects(broken.stage(KEY, CSV), isStoreFailed);
  });
});

/** Files below `folder`, as relative paths. The folder of stages is removed when it has been empty for a moment: then it is read again. */
async function everything(folder: string): Promise<string[]> {
  const read = () => readdir(folder, { recursive: true, withFileTypes: true });
  const entries = await read().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return read();
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function leaveStage(folder: string): string {
  return `
    const { FolderStore } = await import(${JSON.stringify(pathToFileURL(resolve('plugin/store/folderStore.ts')).href)});
    const stage = await new FolderStore({ folder: ${JSON.stringify(folder)} }).stage(${JSON.stringify(KEY)}, {});
    await stage.write(Buffer.from('half'));
    console.log('staged');
    setInterval(() => undefined, 1000);`;
}
