import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { systemLacks } from '../../plugin/store/flush/fileSystem.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { newKey } from '../../plugin/testing/storedBytes.ts';
import { program, root, skipWithout } from '../support/infrastructure.ts';
import { LOADER } from '../support/loader/loader.ts';
import { type LoopDisk, loopDisk } from '../support/loopDisk.ts';
import { until } from '../support/until.ts';

const COPIES = 100;
const CSV = { mediaType: 'text/csv' };
/** Of the kernel; the file system is one that suits. */
const NO_GROUPS = systemLacks(process.platform, release()) ?? false;

describe('the disk of a folder', { skip: skipWithout(root, program('mkfs.ext4', 'e2fsprogs')) }, () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function openDisk(): Promise<LoopDisk> {
    const disk = await loopDisk();
    closers.push(() => disk.unmount());
    return disk;
  }

  /** Which of the copies that were committed a power cut leaves whole. */
  async function cutWhileStoring(mode: string): Promise<{ committed: string[]; whole: string[] }> {
    const disk = await openDisk();
    const args = [...LOADER, 'test/support/storingProcess.mjs', disk.folder, mode];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const lines = () => printed.split('\n').slice(0, -1);
    closers.push(async () => {
      child.kill('SIGKILL');
      await exit;
    });
    await until(() => lines().length >= COPIES, 60);
    child.kill('SIGSTOP');
    const committed = lines();
    const left = await disk.afterPowerCut();
    const whole: string[] = [];
    for (const key of committed) {
      const bytes = await readFile(join(left, key), 'utf8').catch(() => null);
      if (bytes === `${key}\n`.repeat(100)) whole.push(key);
    }
    return { committed, whole };
  }

  for (const mode of ['group', 'file']) {
    const skip = mode === 'group' && NO_GROUPS;
    it(`has every copy that was committed after a power cut, flushed by ${mode}`, { skip }, async () => {
      const { committed, whole } = await cutWhileStoring(mode);
      assert.ok(committed.length >= COPIES);
      assert.deepEqual(whole, committed);
    });
  }

  it('has lost some where nothing is flushed, so that a power cut is one here', async () => {
    const { committed, whole } = await cutWhileStoring('none');
    assert.ok(whole.length < committed.length);
  });

  it('that cannot write fails for each copy of a group, and commits none', { skip: NO_GROUPS }, async () => {
    const disk = await openDisk();
    const store = new FolderStore({ folder: disk.folder, flush: 'group' });
    closers.push(() => store.close());
    await store.open();
    disk.fill();
    const body = Buffer.alloc(64 * 1024, 'a,b\n');
    const keys = Array.from({ length: 20 }, () => newKey());
    const staged = await Promise.allSettled(keys.map((key) => store.stageWhole(key, body, CSV)));
    for (const one of staged) {
      assert.ok(one.status === 'rejected', 'was staged although the disk takes nothing');
      assert.match(String(one.reason), /failed while writing a stage: (EIO|ENOSPC|EROFS)/);
    }
    assert.deepEqual(await store.hasMany(keys), new Set());
  });
});
