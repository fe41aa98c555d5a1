import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LOADER } from '../support/loader/loader.ts';

const folder = mkdtempSync(join(tmpdir(), 'archiver-loader-'));
after(() => rmSync(folder, { recursive: true }));

/** What a Node with our loader prints, and how it ends, for a module of this text. */
function runModule(name: string, text: string): { status: number | null; stdout: string; stderr: string } {
  const file = join(folder, name);
  writeFileSync(file, text);
  return spawnSync(process.execPath, [...LOADER, file], { encoding: 'utf8' });
}

describe('the loader of the suite', () => {
  it('leaves every line and column where the source has it', () => {
    const text = `interface Named {\n  readonly name: string;\n}\nconst fail = (of: Named): never => { throw new Error(of.name); };\nfail({ name: 'here' });\n`;
    const { status, stderr } = runModule('fails.ts', text);
    assert.equal(status, 1);
    assert.match(stderr, /Error: here\n {4}at fail \(file:.*fails\.ts:4:44\)\n {4}at file:.*fails\.ts:5:1\n/);
  });

  it('loads what a thread starts with', () => {
    writeFileSync(join(folder, 'thread.ts'), "const said: string = 'from a thread';\nconsole.log(said);\n");
    const text =
      "import { Worker } from 'node:worker_threads';\nnew Worker(new URL('./thread.ts', import.meta.url));\n";
    assert.deepEqual((({ status, stdout, stderr }) => [status, stdout, stderr])(runModule('starts.ts', text)), [
      0,
      'from a thread\n',
      '',
    ]);
  });

  it('refuses what is more than types, naming the file and the place', () => {
    const { status, stderr } = runModule('counts.ts', 'export enum Count { one }\n');
    assert.equal(status, 1);
    assert.match(stderr, /counts\.ts has TypeScript that is more than types: export enum Count \{ one \}/);
  });
});
