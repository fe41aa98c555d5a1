import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import { RefusedStages } from '../../plugin/fetch/retrieve/refusedStages.ts';
import { FolderStore } from '../../plugin/store/folderStore.ts';
import { bytesOf, newKey } from '../../plugin/testing/storedBytes.ts';

const BODY = Buffer.from('id\n1\n');
const CSV = { mediaType: 'text/csv' };

describe('a body that came whole and that the store would not stage', () => {
  let folder = '';
  let store: FolderStore;
  let stages: RefusedStages;
  let refuses: 'stageWhole' | 'commit' | null = null;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-refused-'));
    store = new FolderStore({ folder });
    await store.open();
    const may = <Result>(step: typeof refuses, work: () => Promise<Result>) =>
      refuses === step ? Promise.reject(new ArchiverError('store-failed', 'EROFS')) : work();
    stages = new RefusedStages({
      stageWhole: (...args) => may('stageWhole', () => store.stageWhole(...args)),
      commit: (stage) => may('commit', () => store.commit(stage)),
      discard: (stage) => store.discard(stage),
    });
    refuses = 'stageWhole';
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('is stored as soon as the store takes it, and leaves no stage', async () => {
    const key = newKey();
    const stage = await stages.stageWhole(key, BODY, CSV);
    assert.deepEqual([stage.key, stage.bytes], [key, BODY.length]);
    for (const step of ['stageWhole', 'commit'] as const) {
      refuses = step;
      await assert.rejects(stages.commit(stage), { code: 'store-failed' });
    }
    refuses = null;
    assert.equal(await stages.commit(stage), 'committed');
    assert.deepEqual(await bytesOf(store, key), BODY);
    assert.equal(await store.dropStages(0), 0);
  });

  it('takes no key that is taken meanwhile, and is let go when it is discarded', async () => {
    const key = newKey();
    const [one, two] = [await stages.stageWhole(key, BODY, CSV), await stages.stageWhole(key, BODY, CSV)];
    refuses = null;
    assert.equal(await stages.commit(one), 'committed');
    assert.equal(await stages.commit(two), 'exists');
    await stages.discard(two);
    await stages.discard(two);
    assert.deepEqual(await bytesOf(store, key), BODY);
  });
});
