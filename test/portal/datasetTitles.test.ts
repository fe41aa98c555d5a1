import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DatasetTitles } from '../../plugin/portal/datasetTitles.ts';

const HEAD = { id: 'd1', name: 'd1', title: 'Budget', private: false };

describe('titles of datasets', () => {
  it('are asked once for all resources of a dataset, and without the resources', async () => {
    const asked: string[] = [];
    const titles = new DatasetTitles({
      getDataset: () => assert.fail('a dataset is not read whole for its title'),
      async describeDataset(id) {
        asked.push(id);
        return id === 'd1' ? HEAD : null;
      },
    });
    const ids = ['d1', 'd2', 'd1', 'd1', 'd2'];
    assert.deepEqual(await Promise.all(ids.map((id) => titles.titleOf(id))), [
      'Budget',
      null,
      'Budget',
      'Budget',
      null,
    ]);
    assert.equal(await titles.titleOf('d1'), 'Budget');
    assert.deepEqual(asked, ['d1', 'd2']);
  });

  it('come from whole datasets where a portal has nothing less', async () => {
    const titles = new DatasetTitles({ getDataset: async () => ({ ...HEAD, resources: [] }) });
    assert.equal(await titles.titleOf('d1'), 'Budget');
  });

  it('are asked again after a portal did not answer', async () => {
    const answers = [() => Promise.reject(new Error('away')), () => Promise.resolve(HEAD)];
    const titles = new DatasetTitles({
      getDataset: async () => null,
      describeDataset: () => (answers.shift() ?? assert.fail('asked too often'))(),
    });
    await assert.rejects(titles.titleOf('d1'), /away/);
    assert.equal(await titles.titleOf('d1'), 'Budget');
  });
});
