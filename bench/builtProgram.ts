import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';

/**
 * A program of this folder as plain JavaScript that runs on the built package, so that memory and time are the product's and
 * not those of a loader; `others`: what it starts. All of them may import what lies in `plugin/` and what Node has, and of
 * each other types. `folder` must be empty; answers the path.
 */
export function builtProgram(name: string, folder: string, others: readonly string[] = []): string {
  mkdirSync(join(folder, 'bench'), { recursive: true });
  symlinkSync(resolve('dist'), join(folder, 'plugin'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const other of others) transpile(other, folder);
  return transpile(name, folder);
}

function transpile(name: string, folder: string): string {
  const { outputText } = ts.transpileModule(readFileSync(join('bench', name), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      rewriteRelativeImportExtensions: true,
    },
  });
  const path = join(folder, 'bench', basename(name).replace(/\.ts$/, '.js'));
  writeFileSync(path, outputText);
  return path;
}
