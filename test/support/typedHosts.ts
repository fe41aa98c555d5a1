import { cp, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/** A project of TypeScript that has installed this package: its file, and what lies in its `node_modules`. */
export interface TypedHost {
  readonly source: string;
  /** Names as the host imports them, with the folder of this repository's `node_modules` that each is. */
  readonly packages: Readonly<Record<string, string>>;
  readonly options?: ts.CompilerOptions;
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: ['node'],
};

/** Declarations that several hosts share are read and parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * What the compiler says of the host and of our declarations, one line each: file, line, message. Those of other packages are
 * their own affair: knex 1.0 does not pass a compiler of today.
 */
export async function compileHost({ source, packages, options }: TypedHost): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-types-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
    await writeFile(join(folder, 'host.ts'), source);
    await installPackage(folder);
    for (const [name, installed] of Object.entries({ '@types/node': '@types/node', ...packages }))
      await link(resolve('node_modules', installed), join(folder, 'node_modules', name));
    return diagnose(join(folder, 'host.ts'), {
      ...OPTIONS,
      typeRoots: [join(folder, 'node_modules/@types')],
      ...options,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As npm would, and as a copy: what our declarations import is looked for among the host's packages, not among ours. */
async function installPackage(folder: string): Promise<void> {
  const place = join(folder, 'node_modules', 'portal-archiver');
  const isDeclared = async (path: string) => path.endsWith('.d.ts') || (await stat(path)).isDirectory();
  await cp('dist', join(place, 'dist'), { recursive: true, filter: isDeclared });
  await cp('package.json', join(place, 'package.json'));
}

async function link(to: string, at: string): Promise<void> {
  await mkdir(dirname(at), { recursive: true });
  await symlink(to, at);
}

function diagnose(file: string, options: ts.CompilerOptions): readonly string[] {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...others) => {
    if (!name.includes('node_modules/')) return getSourceFile(name, ...others);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...others));
    return parsed.get(name);
  };
  const program = ts.createProgram([file], options, host);
  const judged = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName === file || fileName.includes('/portal-archiver/dist/'));
  return [...program.getGlobalDiagnostics(), ...judged.flatMap((one) => ts.getPreEmitDiagnostics(program, one))].map(
    lineOf,
  );
}

function lineOf({ file, start, messageText }: ts.Diagnostic): string {
  const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `${basename(file?.fileName ?? '')}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
