import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', 'plugin/cli/main.ts', ...args], { encoding: 'utf8' });
}

/** What a shell would offer after these words. */
const offered = (...words: string[]): string[] =>
  run('complete', '--', ...words)
    .stdout.split('\n')
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => line.split('\t')[0] ?? '');

describe('the completion of a shell', () => {
  it('is a script for each shell, on standard output and nothing beside it', () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { status, stdout, stderr } = run('completion', shell);
      assert.deepEqual([status, stderr], [0, ''], shell);
      assert.match(stdout, /portal-archiver complete -- /, shell);
    }
    const checked = spawnSync('bash', ['-n'], { input: run('completion', 'bash').stdout, encoding: 'utf8' });
    assert.deepEqual([checked.status, checked.stderr], [0, '']);
    assert.equal(run('completion', 'tcsh').status, 2);
  });

  it('offers the commands, their options and the choices of an option', () => {
    assert.deepEqual(offered('ar'), ['archive']);
    assert.deepEqual(offered('probe', '--mod'), ['--mode']);
    assert.deepEqual(offered('probe', '--mode', '').sort(), ['check', 'demand', 'sweep']);
    assert.ok(!offered('').includes('complete'));
  });
});
