import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { root, skipWithout } from '../support/infrastructure.ts';
import { smallDisk } from '../support/smallDisk.ts';

describe('a folder for the store', { skip: skipWithout(root) }, () => {
  it('that may only be read is refused for that, whether anything is in it or not', async (context) => {
    const disk = await smallDisk(1_000_000);
    context.after(() => disk.unmount());
    const used = join(disk.folder, 'used');
    await mkdir(join(used, 'archive'), { recursive: true });
    await mkdir(join(disk.folder, 'empty'));
    await disk.remount('ro');
    for (const folder of [used, join(disk.folder, 'empty'), join(disk.folder, 'new', 'store')])
      await assert.rejects(new FolderStore({ folder }).open(), /EROFS: read-only file system/);
  });

  it('where none can be made is refused', async () => {
    await assert.rejects(new FolderStore({ folder: '/proc/portal-archiver/store' }).open(), { code: 'store-failed' });
  });

  it('that has no size is one without a bound', async (context) => {
    const disk = await smallDisk(0);
    context.after(() => disk.unmount());
    const store = new FolderStore({ folder: disk.folder });
    await store.open();
    assert.equal(await store.freeBytes(), null);
    await store.close();
  });
});
