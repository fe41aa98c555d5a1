import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';

/** What a source file imports, by its text: types, values and dynamic imports alike, in the order of the file. */
export interface Imports {
  /** Files, as paths of the kind that was asked with. */
  readonly files: readonly string[];
  /** Packages and modules of node, as they are written. */
  readonly packages: readonly string[];
}

const read = new Map<string, Imports>();

/** What this file imports; read once in a process. */
export function importsOf(file: string): Imports {
  const known = read.get(file) ?? readImports(file);
  read.set(file, known);
  return known;
}

/** The file and every file that it reaches by imports. */
export function reachableFrom(file: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [file];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(...importsOf(next).files);
  }
  return reached;
}

function readImports(file: string): Imports {
  if (!/\.[cm]?[jt]s$/.test(file)) return { files: [], packages: [] };
  const named = ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName);
  const files = named.filter(isRelative).map((name) => relative('.', join(dirname(file), name)).replaceAll(sep, '/'));
  return { files: files.filter((path) => existsSync(path)), packages: named.filter((name) => !isRelative(name)) };
}

function isRelative(name: string): boolean {
  return name.startsWith('.');
}
