import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needsServices, testFiles } from '../support/testFiles.ts';

const needing = testFiles().filter(needsServices);
const fast = testFiles().filter((file) => !needing.includes(file));

describe('npm run test:fast', () => {
  it('leaves out the files that reach a service by what they import, however far away', () => {
    for (const file of [
      'portal/expressPortal',
      'store/azureBlobStore',
      'journey/examplePortal',
      'architecture/package',
    ]) {
      assert.ok(needing.includes(`test/${file}.test.ts`), file);
    }
  });

  it('runs the files that need nothing but node and loopback', () => {
    for (const file of ['decide/nextArchival', 'fetch/sniff.text', 'store/folderStore', 'cli/probe']) {
      assert.ok(fast.includes(`test/${file}.test.ts`), file);
    }
    assert.ok(fast.length > needing.length / 2, `${fast.length} of ${testFiles().length} files`);
  });
});
