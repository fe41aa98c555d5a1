import { hash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What is left of our TypeScript once its types are blanked out: every line and column stays where it was, so that stack
// traces and coverage need no source maps. Kept by content below node_modules, for all processes of all runs.
const FOLDER = fileURLToPath(new URL('../../../node_modules/.cache/stripped-types/', import.meta.url));

const require = createRequire(import.meta.url);
const { version } = require('ts-blank-space/package.json');
let blank;

/** The JavaScript of one file, from the folder where it is there. Throws where a file has syntax that is more than types. */
export function stripped(path) {
  const text = readFileSync(path, 'utf8');
  const kept = keptAt(text);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const source = strip(text, path);
    keep(kept, source);
    return source;
  }
}

/** Strips what is not yet kept, in one process for all that will load it, and forgets what no file has any more. */
export function stripAll(paths) {
  const wanted = new Set(paths.map((path) => keptAt(readFileSync(path, 'utf8'))));
  for (const path of paths) stripped(path);
  for (const name of readdirSync(FOLDER))
    if (!wanted.has(join(FOLDER, name))) rmSync(join(FOLDER, name), { force: true });
}

const keptAt = (text) => join(FOLDER, `${hash('sha1', `${version}\n${text}`)}.js`);

function strip(text, path) {
  blank ??= require('ts-blank-space').default;
  return blank(text, (node) => {
    throw new SyntaxError(`${path} has TypeScript that is more than types: ${text.slice(node.pos, node.end).trim()}`);
  });
}

/** Whole or not at all: another process may read it at this moment. */
function keep(kept, source) {
  mkdirSync(FOLDER, { recursive: true });
  const growing = `${kept}.${process.pid}`;
  writeFileSync(growing, source);
  renameSync(growing, kept);
}
