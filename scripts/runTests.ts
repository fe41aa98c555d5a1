import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { testAzurite } from '../test/support/azurite.ts';
import { LOADER } from '../test/support/loader/loader.ts';
import { stripAll } from '../test/support/loader/stripped.mjs';
import { startPostgres } from '../test/support/postgres.ts';
import { infrastructureFiles, needsServices, testFiles } from '../test/support/testFiles.ts';

// `npm test`: the services once, then every test file (or those that the arguments name) in node's own runner.
// `npm run test:fast`: no services, and the test files that need none.
// `npm run test:infrastructure`: the test files that need programs of the system, within eight minutes.
const { values, positionals } = parseArgs({
  options: { fast: { type: 'boolean' }, infrastructure: { type: 'boolean' } },
  allowPositionals: true,
});
// Where at most this many files fail in a run of all, they run once more by themselves: a test that a busy machine upset
// is told apart from a fault, and named.
const RUN_AGAIN = 3;
const INFRASTRUCTURE_MS = 480_000;
const all = values.infrastructure ? infrastructureFiles() : testFiles();
const named = positionals.length > 0 ? positionals : all;
const files = values.fast ? named.filter((file) => !needsServices(file)) : named;
stripAll(sources());
process.exitCode = values.fast ? await runTests({}) : await runWithServices();

async function runWithServices(): Promise<number> {
  const postgres = await startPostgres();
  const azurite = await testAzurite();
  try {
    return await runTests({
      ARCHIVER_TEST_DATABASE_URL: postgres.url,
      ARCHIVER_TEST_AZURITE: azurite.connectionString,
    });
  } finally {
    await azurite.stop();
    await postgres.stop();
  }
}

/** Answers the exit code of the last run. */
async function runTests(services: Readonly<Record<string, string>>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'archiver-tests-'));
  try {
    const list = join(folder, 'failed');
    const code = await runFiles(files, list, services);
    const failed = [...new Set((await readFile(list, 'utf8').catch(() => '')).split('\n').filter(Boolean))];
    const again = failed.map((file) => relative('.', file)).filter((file) => files.includes(file));
    if (code === 0 || positionals.length > 0 || again.length === 0 || again.length > RUN_AGAIN) return code;
    console.error(`\nFailed in the run of all, run again by itself: ${again.join(', ')}`);
    const second = await runFiles(again, list, services);
    if (second === 0) console.error(`\nUnsteady, please mend: ${again.join(', ')} failed once and passed by itself.`);
    return second;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Answers the runner's exit code; a signal to us ends the runner first, so that the services are stopped after it. */
function runFiles(tests: readonly string[], failed: string, services: Readonly<Record<string, string>>) {
  // Most files wait about as long as they work: two more of them than there are cores keep these busy to the end.
  const limits = [`--test-concurrency=${availableParallelism() + 2}`, '--test-timeout=600000'];
  const loaded = [...LOADER, '--import', './test/support/leftOpen.mjs'];
  const shown = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  const listed = ['--test-reporter=./test/support/failedFiles.mjs', `--test-reporter-destination=${failed}`];
  const runner = spawn(process.execPath, [...loaded, '--test', ...shown, ...listed, ...limits, ...tests], {
    stdio: 'inherit',
    env: { ...process.env, ...services },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => runner.kill(signal));
  if (values.infrastructure) setTimeout(() => endLate(runner), INFRASTRUCTURE_MS - performance.now()).unref();
  return new Promise<number>((resolve, reject) => {
    runner.once('error', reject);
    runner.once('exit', (code) => resolve(code ?? 1));
  });
}

function endLate(runner: ChildProcess): void {
  console.error(`The tests are not through after ${INFRASTRUCTURE_MS / 1000} s.`);
  runner.kill();
}

/** All that a test may load, itself or in a process or thread that it starts. */
function sources(): string[] {
  const folders = ['bench', 'examples', 'plugin', 'scripts', 'test'];
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, `${name}`)),
  );
  return paths.filter((path) => /(?<!\.d)\.ts$/.test(path));
}
