import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DiskFlush, type DiskFlushDeps } from '../../plugin/store/flush/diskFlush.ts';
import { type FileSystem, openFileSystem, systemLacks } from '../../plugin/store/flush/fileSystem.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { bytesOf, newKey } from '../../plugin/testing/storedBytes.ts';
import { HeldFlushes, lostBytes } from '../support/heldFlushes.ts';
import { until } from '../support/until.ts';

const CSV = { mediaType: 'text/csv' };
const BODY = Buffer.from('id\n1\n');
const MANY = 20;

describe('a folder that is flushed', () => {
  let folder: string;
  let disk: HeldFlushes;
  let logged: object[];
  let stores: FolderStore[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-flush-'));
    disk = new HeldFlushes();
    disk.answer = () => Promise.resolve();
    logged = [];
    stores = [];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    await rm(folder, { recursive: true });
  });

  /** Open, and its file system too. */
  async function openStore(deps: Partial<DiskFlushDeps> = {}): Promise<FolderStore> {
    const logger = { warn: (fields: object, message?: string) => void logged.push({ ...fields, message }) };
    const own = { folder, mode: 'group', logger, slowMs: 60_000, openFileSystem: async () => disk } as const;
    const store = new FolderStore({ folder }, new DiskFlush({ ...own, ...deps }));
    stores.push(store);
    await store.open();
    disk.begun = 0;
    return store;
  }

  const stageMany = (store: FolderStore, keys: readonly string[]) =>
    Promise.allSettled(keys.map((key) => store.stageWhole(key, BODY, CSV)));
  const newKeys = () => Array.from({ length: MANY }, () => newKey());
  const stagesOf = () => readdir(join(folder, '.stage')).catch(() => []);

  it('in groups is flushed twice for all copies that come together: their bytes, then their names', async () => {
    const store = await openStore();
    const keys = newKeys();
    const stages = await Promise.all(keys.map((key) => store.stageWhole(key, BODY, CSV)));
    assert.equal(disk.begun, 1);
    assert.deepEqual(
      await Promise.all(stages.map((stage) => store.commit(stage))),
      keys.map(() => 'committed'),
    );
    assert.equal(disk.begun, 2);
    for (const key of keys) assert.deepEqual(await bytesOf(store, key), BODY);
  });

  it('in groups shows no copy before its bytes are flushed, and commits none before its name is', async () => {
    const store = await openStore();
    const keys = newKeys();
    disk.answer = null;
    let committed = 0;
    const keep = async (key: string) => {
      await store.commit(await store.stageWhole(key, BODY, CSV));
      committed += 1;
    };
    const all = Promise.all(keys.map(keep));
    await until(() => disk.isUnderWay);
    assert.deepEqual(await store.hasMany(keys), new Set());
    disk.end();
    await until(() => disk.begun === 2);
    assert.deepEqual([await store.hasMany(keys), committed], [new Set(keys), 0]);
    disk.end();
    await all;
    assert.equal(committed, MANY);
  });

  it('in groups fails for each of the group when bytes are lost, leaves no stage, and takes them again', async () => {
    const store = await openStore();
    const keys = newKeys();
    disk.answer = () => Promise.reject(lostBytes());
    for (const staged of await stageMany(store, keys)) {
      assert.ok(staged.status === 'rejected');
      assert.match(String(staged.reason), /The store at .* failed while writing a stage: EIO/);
    }
    await until(async () => (await stagesOf()).length === 0);
    assert.deepEqual(await store.hasMany(keys), new Set());
    for (const staged of await stageMany(store, keys)) assert.equal(staged.status, 'fulfilled');
  });

  it('in groups commits again what was moved when its name could not be flushed', async () => {
    const store = await openStore();
    const keys = newKeys();
    const stages = await Promise.all(keys.map((key) => store.stageWhole(key, BODY, CSV)));
    disk.answer = () => Promise.reject(lostBytes());
    for (const ended of await Promise.allSettled(stages.map((stage) => store.commit(stage))))
      assert.equal(ended.status, 'rejected');
    assert.deepEqual(
      await Promise.all(stages.map((stage) => store.commit(stage))),
      keys.map(() => 'committed'),
    );
    const [first] = stages;
    assert.ok(first);
    assert.equal(await store.commit(first), 'exists');
  });

  it('in groups goes on file by file where the flush of its file system hangs', async () => {
    const store = await openStore({ slowMs: 1 });
    disk.answer = null;
    const keys = newKeys();
    for (const key of keys) assert.equal(await store.commit(await store.stageWhole(key, BODY, CSV)), 'committed');
    const together = newKeys();
    const stages = await Promise.all(together.map((key) => store.stageWhole(key, BODY, CSV)));
    await Promise.all(stages.map((stage) => store.commit(stage)));
    assert.equal(disk.begun, 1);
    await store.close();
    assert.equal(disk.isClosed, false);
    disk.end();
    await until(() => disk.isClosed);
  });

  it('fails when the disk hangs, takes nothing meanwhile, and all again when it answers', async () => {
    const held = new HeldFlushes();
    held.answer = () => Promise.resolve();
    const hanging = {
      folder,
      mode: 'file',
      flushFile: () => held.flush(),
      get hangMs() {
        return held.answer ? 60_000 : 1;
      },
    } as const;
    const store = new FolderStore({ folder }, new DiskFlush(hanging));
    stores.push(store);
    await store.open();
    held.answer = null;
    const answer = /failed while .*: the disk does not answer: a flush does not end$/;
    await assert.rejects(store.stageWhole(newKey(), BODY, CSV), { code: 'store-failed', message: answer });
    await assert.rejects(store.probe(), answer);
    held.answer = () => Promise.resolve();
    held.end();
    await until(() =>
      store.probe().then(
        () => true,
        () => false,
      ),
    );
  });

  it('in groups flushes by themselves the files of a file system that was mounted there since', async () => {
    disk = new HeldFlushes(-1);
    const store = await openStore();
    const stages = await stageMany(store, newKeys());
    assert.ok(stages.every(({ status }) => status === 'fulfilled'));
    assert.equal(disk.begun, 0);
  });

  it('is flushed file by file where groups cannot be had; that is told only where the package is there', async () => {
    for (const isInstalled of [false, true]) {
      const store = await openStore({
        mode: 'auto',
        openFileSystem: async () => ({ reason: 'a sandbox', isInstalled }),
      });
      for (const key of newKeys())
        assert.equal(await store.commit(await store.stageWhole(key, BODY, CSV)), 'committed');
    }
    const message = 'copies are flushed one by one: this folder cannot be flushed in groups';
    assert.deepEqual(logged, [{ folder, reason: 'a sandbox', message }]);
  });

  it('is refused at start where it must be flushed in groups and cannot be', async () => {
    const openFileSystem = async () => ({ reason: 'a sandbox', isInstalled: true });
    await assert.rejects(openStore({ openFileSystem }), {
      code: 'store-failed',
      message: `The folder ${folder} cannot be flushed in groups: a sandbox.`,
    });
  });

  it('file by file never opens its file system', async () => {
    const openFileSystem = () => Promise.reject(new Error('opened'));
    const store = await openStore({ mode: 'file', openFileSystem });
    await Promise.all(
      (await Promise.all(newKeys().map((key) => store.stageWhole(key, BODY, CSV)))).map(store.discard, store),
    );
  });
});

describe('a file system', () => {
  it('is flushed as a whole only where the kernel tells of everything that it could not write', () => {
    const rows: readonly (readonly [NodeJS.Platform, string, boolean])[] = [
      ['linux', '6.8.0-51-generic', true],
      ['linux', '5.17.0', true],
      ['linux', '5.15.0-130-generic', false],
      ['linux', '4.4.0', false],
      ['linux', 'unknown', false],
      ['darwin', '23.1.0', false],
      ['win32', '10.0.22631', false],
    ];
    for (const [platform, kernel, suits] of rows) assert.equal(systemLacks(platform, kernel) === null, suits, kernel);
  });

  it('of another kind is not', { skip: process.platform === 'linux' ? false : 'Needs /proc.' }, async () => {
    const found = await openFileSystem('/proc');
    assert.ok('reason' in found && found.isInstalled);
    assert.match(found.reason, /none of ext4, xfs|Linux .* does not tell/);
  });

  it('that suits is flushed, and tells no more of it once it is closed', async (context) => {
    const found: FileSystem | { reason: string } = await openFileSystem(process.cwd());
    if ('reason' in found) return context.skip(found.reason);
    await found.flush();
    found.close();
    await assert.rejects(found.flush(), { code: 'EBADF' });
  });
});
