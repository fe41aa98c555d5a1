import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCommand } from '../support/runCommand.ts';

const COMMANDS = [
  ['probe', 'http://data.example/'],
  ['config', 'check'],
  ['migrate', 'up'],
  ['worker'],
  ['sweep'],
  ['archive', 'all'],
  ['status'],
  ['run', 'list'],
  ['uninstall', '--yes'],
];

describe('a wrong setting', () => {
  for (const args of COMMANDS) {
    test(`ends "${args.join(' ')}" with 2, a message that names it, and nothing on standard output`, async () => {
      const environment = {
        DATABASE_URL: 'postgres://127.0.0.1:1/none',
        ARCHIVER_MAX_BYTES: 'x',
        ARCHIVER_STOR: 'folder',
      };
      const { exitCode, output, errors } = await runCommand(args, { environment });
      assert.equal(exitCode, 2);
      assert.equal(output, '');
      assert.match(errors, /^2 settings are wrong:\n- ARCHIVER_STOR .*ARCHIVER_STORE\?\n- ARCHIVER_MAX_BYTES .*"x"/);
    });
  }

  test('as a flag is named as well', async () => {
    const { exitCode, errors } = await runCommand(['probe', 'http://data.example/', '--max-redirects', '-1']);
    assert.equal(exitCode, 2);
    assert.match(errors, /ARCHIVER_MAX_REDIRECTS/);
  });
});

describe('wrong arguments', () => {
  const WRONG = [
    ['prob'],
    ['probe'],
    ['probe', '--stdin', 'http://data.example/'],
    ['probe', '--stdin', '--save', 'file'],
    ['probe', '--stdin', '--concurrency', '0'],
    ['probe', 'http://data.example/', '--mode', 'often'],
    ['probe', 'http://data.example/', '--max-byte', '1'],
    ['run', 'show'],
    ['worker', '--roles', 'web'],
    ['status', '--portal', './no-such-portal.js'],
    ['uninstall'],
    ['migrate', 'down'],
  ];
  for (const args of WRONG) {
    test(`end with 2: ${args.join(' ')}`, async () => {
      const { exitCode, output, errors } = await runCommand(args);
      assert.deepEqual({ exitCode, output }, { exitCode: 2, output: '' });
      assert.notEqual(errors, '');
    });
  }
});

test('help and version end with 0 and name the exit codes', async () => {
  assert.match((await runCommand(['--help'])).output, /Exit codes: 0 .* 1 .* 2 /);
  assert.match((await runCommand(['probe', '--help'])).output, /Exit codes: 0 [\s\S]*1 refused or failed; 2 /);
  const version = await runCommand(['--version']);
  assert.equal(version.exitCode, 0);
  assert.match(version.output, /^\d+\.\d+\.\d+\n$/);
});

test('config check shows every setting and no secret', async () => {
  const environment = { DATABASE_URL: 'postgres://u:hunter2@h/d', ARCHIVER_MAX_BYTES: '5' };
  const text = await runCommand(['config', 'check'], { environment });
  assert.equal(text.exitCode, 0);
  assert.match(text.output, /^ARCHIVER_MAX_BYTES +set +5$/m);
  const json = await runCommand(['config', 'check', '--json'], { environment });
  assert.equal(JSON.parse(json.output).ok, true);
  assert.doesNotMatch(text.output + json.output, /hunter2/);
});
