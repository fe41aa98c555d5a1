import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// `npm run check:package`: the tarball as it would be published, judged by publint and by "Are the types wrong?".
const folder = mkdtempSync(join(tmpdir(), 'archiver-check-'));
try {
  run('npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder);
  const tarball = join(folder, readdirSync(folder)[0] ?? '');
  run('npx', '--no-install', 'publint', 'run', tarball, '--strict');
  // The package is of ES modules alone; hosts of CommonJS load it by require(), as Node 20.19 can.
  run('npx', '--no-install', 'attw', tarball, '--profile', 'esm-only', '--quiet');
} catch {
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}
