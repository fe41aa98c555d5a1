import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));

const sources = files('plugin').filter((path) => path.endsWith('.ts'));

describe('the layout', () => {
  test('names a contract with a capital, and a contract holds types only', () => {
    const contracts = sources.filter((path) => /^[A-Z]/.test(basename(path)));
    assert.ok(contracts.length > 5);
    for (const path of contracts) {
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, removeComments: true };
      const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions });
      assert.equal(outputText.trim(), 'export {};', path);
    }
  });

  test('keeps tests exactly one folder deep, where node 20 and the runner find them', () => {
    const tests = files('test').filter((path) => path.endsWith('.test.ts'));
    assert.deepEqual(
      tests.filter((path) => path.split(/[\\/]/).length !== 3),
      [],
    );
  });

  test('has no file that is named after nothing', () => {
    assert.deepEqual(
      sources.filter((path) => /^(utils?|helpers?|common|misc|types)\.ts$/.test(basename(path))),
      [],
    );
  });
});
