import assert from 'node:assert/strict';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FolderStore } from '../../plugin/store/folderStore.ts';

const KEY = 'archive/20261123T070905Z/r1/people.csv';

describe("under Yarn's Plug'n'Play", () => {
  it('a folder is a store, although the handles of files have no sync', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'archiver-pnp-'));
    const handle = await open(join(folder, 'handle'), 'w');
    const sync = context.mock.method(Object.getPrototypeOf(handle), 'sync', () =>
      Promise.reject(new Error('Method not implemented.')),
    );
    context.after(() => rm(folder, { recursive: true }));
    await handle.close();
    const store = new FolderStore({ folder });
    await store.open();
    const stage = await store.stage(KEY, { mediaType: 'text/csv' });
    await stage.write(Buffer.from('id,name\n1,Ada\n'));
    assert.equal(await store.commit(await stage.finish()), 'committed');
    await store.close();
    assert.equal(sync.mock.callCount(), 0);
  });
});
