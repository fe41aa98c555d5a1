import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// `npm run build`: dist/ is what the compiler makes of plugin/, with the files that pages load, and nothing else. What an earlier state of the sources
// left there would get into the package.
const BUILD_INFO = '.tsbuildinfo';
const COMMAND = 'dist/cli/main.js';

const sources = filesIn('plugin').filter((path) => path.endsWith('.ts'));
const assets = filesIn('plugin').filter((path) => /\.(css|js|svg)$/.test(path));
const outputs = sources.flatMap((path) => [path.replace(/\.ts$/, '.js'), path.replace(/\.ts$/, '.d.ts')]);

// The compiler takes its notes for the truth: it does not write again what somebody removed.
if (outputs.some((path) => !existsSync(join('dist', path)))) rmSync(join('dist', BUILD_INFO), { force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
removeStale(new Set([...outputs, ...assets, BUILD_INFO]));
for (const path of assets) {
  mkdirSync(dirname(join('dist', path)), { recursive: true });
  copyFileSync(join('plugin', path), join('dist', path));
}
// Only the owner of a file may set its mode, and in somebody else's clone it is right already.
if (status === 0 && !(statSync(COMMAND).mode & 1)) chmodSync(COMMAND, 0o755);
process.exitCode = status ?? 1;

function removeStale(wanted: ReadonlySet<string>): void {
  for (const path of filesIn('dist')) {
    if (wanted.has(path)) continue;
    rmSync(join('dist', path));
    for (let folder = dirname(path); isEmpty(join('dist', folder)); folder = dirname(folder)) {
      rmdirSync(join('dist', folder));
    }
  }
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).length === 0;
}

/** Files below the folder, as paths relative to it; none of a folder that is missing. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
