import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

describe('a test file that leaves something open', () => {
  it('fails, and says what it is', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'archiver-open-'));
    context.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'open.test.mjs');
    const open = "it('listens', () => void createServer().listen(0, '127.0.0.1'));";
    await writeFile(file, `import { createServer } from 'node:net';\nimport { it } from 'node:test';\n${open}\n`);
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    const args = ['--import', resolve('test/support/leftOpen.mjs'), '--test', '--test-reporter=tap', file];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...environment, ARCHIVER_TEST_GRACE_MS: '300' },
    });
    assert.equal(status, 1);
    assert.match(stdout, /The test file left open: .*TCPServerWrap/);
  });
});
