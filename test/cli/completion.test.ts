import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMAND } from '../support/command.ts';

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...COMMAND, ...args], { encoding: 'utf8' });
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

  /** What a shell does with a script, the command on its path. */
  function typedIn(shell: string, options: readonly string[], typed: string) {
    const folder = mkdtempSync(join(tmpdir(), 'archiver-completion-'));
    try {
      const program = join(folder, 'portal-archiver');
      const main = [process.execPath, ...COMMAND].map((word) => `"${word}"`).join(' ');
      writeFileSync(program, `#!/bin/sh\nexec ${main} "$@"\n`);
      chmodSync(program, 0o755);
      const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
      return spawnSync(shell, [...options, '-c', typed], { encoding: 'utf8', env, timeout: 120_000 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('completes in a bash that has nothing of the package bash-completion, and says nothing beside', () => {
    const typed = `source <(portal-archiver completion bash)
      COMP_WORDS=(portal-archiver ho); COMP_CWORD=1
      $(complete -p portal-archiver | grep -o '__[a-z_]*')
      echo "\${COMPREPLY[*]}"`;
    const { status, stdout, stderr } = typedIn('bash', ['--norc', '--noprofile'], typed);
    // Outside of a completion there are no options of one to set.
    const unexpected = stderr
      .split('\n')
      .filter((line) => line !== '' && !/compopt: not currently executing/.test(line));
    assert.deepEqual([status, stdout, unexpected], [0, 'host\n', []]);
  });

  const missingIn = (shell: string) =>
    spawnSync(shell, ['--version']).status === 0 ? false : `${shell} is not installed`;

  it('completes in fish', { skip: missingIn('fish') }, () => {
    const typed = 'portal-archiver completion fish | source; complete -C "portal-archiver ho"';
    const { status, stdout, stderr } = typedIn('fish', ['--no-config'], typed);
    assert.deepEqual([status, stdout.split('\t')[0], stderr], [0, 'host', '']);
  });

  it('completes in zsh, at the key for it', { skip: missingIn('zsh') }, () => {
    const typed = `zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'autoload -U compinit; compinit -u -D; source <(portal-archiver completion zsh); echo re""ady'
      zpty -r -m shell seen '*ready*'
      zpty -w -n shell $'portal-archiver ho\t'
      zpty -r -m shell seen '*host*' && echo completed`;
    const { status, stdout } = typedIn('zsh', ['-f'], typed);
    assert.deepEqual([status, stdout], [0, 'completed\n']);
  });

  it('offers the commands, their options and the choices of an option', () => {
    assert.deepEqual(offered('ar'), ['archive']);
    assert.deepEqual(offered('probe', '--mod'), ['--mode']);
    assert.deepEqual(offered('probe', '--mode', '').sort(), ['check', 'demand', 'sweep']);
    assert.ok(!offered('').includes('complete'));
  });
});
