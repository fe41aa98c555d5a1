import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

// What a process pays for importing the package, beside its peer: express alone. `npm run bench:import [-- --rounds N]`.
const given = process.argv.indexOf('--rounds');
const ROUNDS = given < 0 ? 7 : Number(process.argv[given + 1]);
const PACKAGE = pathToFileURL('dist/index.js').href;

interface Cost {
  readonly ms: number;
  readonly megabytes: number;
}

const MEASURE = `
  const [first, ...others] = process.argv.slice(1);
  if (others.length > 0) await import(first);
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const startedAt = performance.now();
  await import(others[0] ?? first);
  const ms = performance.now() - startedAt;
  console.log(JSON.stringify({ ms, megabytes: (process.memoryUsage().rss - before) / 1e6 }));`;

/** One process that imports these, the last of them measured. */
function importing(...modules: readonly string[]): Cost {
  const args = ['--expose-gc', '--input-type=module', '--eval', MEASURE, ...modules];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function runs(...args: readonly string[]): Cost {
  const startedAt = performance.now();
  execFileSync(process.execPath, args);
  return { ms: performance.now() - startedAt, megabytes: Number.NaN };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const CASES: Readonly<Record<string, () => Cost>> = {
  'import express': () => importing('express'),
  'import portal-archiver': () => importing(PACKAGE),
  'import portal-archiver beside express': () => importing('express', PACKAGE),
  'node -e 0': () => runs('-e', '0'),
  'portal-archiver --version': () => runs('dist/cli/main.js', '--version'),
};

console.log(`Node ${process.version}, median of ${ROUNDS} processes each`);
for (const [name, run] of Object.entries(CASES)) {
  const costs = Array.from({ length: ROUNDS }, run);
  const ms = median(costs.map((cost) => cost.ms)).toFixed(0);
  const megabytes = median(costs.map((cost) => cost.megabytes));
  console.log(
    `${name.padEnd(40)} ${ms.padStart(5)} ms${Number.isNaN(megabytes) ? '' : ` ${megabytes.toFixed(1).padStart(7)} MB`}`,
  );
}
