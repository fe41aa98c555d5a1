import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LOADER } from './loader/loader.ts';

const COMPILED = 'dist/cli/main.js';

/**
 * The arguments of a Node that is to be our command line. What `npm test` compiled a moment ago starts in half the time; the
 * sources, where one of them is newer than that, and where coverage is measured.
 */
export const COMMAND: readonly string[] =
  isCompiled() && !process.env['NODE_V8_COVERAGE'] ? [resolve(COMPILED)] : [...LOADER, resolve('plugin/cli/main.ts')];

function isCompiled(): boolean {
  if (!existsSync(COMPILED)) return false;
  const compiledAt = statSync('dist/.tsbuildinfo').mtimeMs;
  return readdirSync('plugin', { recursive: true }).every(
    (name) => statSync(join('plugin', `${name}`)).mtimeMs <= compiledAt,
  );
}
