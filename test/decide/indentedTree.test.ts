import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indentedTree } from '../../plugin/decide/report/indentedTree.ts';

const treeOf = (parents: Readonly<Record<string, string | null>>) =>
  indentedTree(Object.entries(parents).map(([id, parentId]) => ({ id, parentId }))).map(
    ({ item, depth }) => '.'.repeat(depth) + item.id,
  );

describe('organisations as a list', () => {
  it('has each below the one that it is a part of, those of one parent in their order', () => {
    const parents = { air: 'land', bog: 'water', land: null, sea: 'water', water: 'land', zoo: null };
    assert.deepEqual(treeOf(parents), ['land', '.air', '.water', '..bog', '..sea', 'zoo']);
  });

  it('has each once, also where a parent is missing or they lie in a circle', () => {
    assert.deepEqual(treeOf({ one: 'gone', two: 'three', three: 'two', four: 'two' }), ['one', 'two', 'three', 'four']);
  });
});
