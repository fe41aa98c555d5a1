import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FolderFlush } from '../../plugin/store/flush/folderFlush.ts';

const noProc = process.platform === 'linux' ? false : 'Needs /proc, whose folders cannot be flushed.';

describe('folders of a file system that cannot flush them', () => {
  test('are no error, and are told of once', { skip: noProc }, async () => {
    const told: unknown[] = [];
    const folders = new FolderFlush((folder, code) => void told.push([folder, code]));
    // Of two folders that are flushed at the same time either may be the one that is told of.
    await Promise.all([folders.flush('/proc'), folders.flush('/proc')]);
    await Promise.all([folders.flush('/proc'), folders.flush('/proc/self')]);
    assert.equal(told.length, 1);
    assert.deepEqual(told[0], ['/proc', 'EINVAL']);
  });

  test('that are not there stay an error', async () => {
    await assert.rejects(new FolderFlush().flush('/nowhere/at/all'), { code: 'ENOENT' });
  });
});
