import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testAzurite } from '../test/support/azurite.ts';
import { startPostgres } from '../test/support/postgres.ts';

// `npm test`: the services once, then every test file (or those that the arguments name) in node's own runner.
const named = process.argv.slice(2);
const files = named.length > 0 ? named : testFiles('test');
const postgres = await startPostgres();
const azurite = await testAzurite();
try {
  process.exitCode = await runTests({
    ARCHIVER_TEST_DATABASE_URL: postgres.url,
    ARCHIVER_TEST_AZURITE: azurite.connectionString,
  });
} finally {
  await azurite.stop();
  await postgres.stop();
}

/** Node 20 expands no globs, and tests lie exactly one folder deep. */
function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support')
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

/** Answers the runner's exit code; a signal to us ends the runner first, so that the services are stopped after it. */
function runTests(services: Readonly<Record<string, string>>): Promise<number> {
  const limits = ['--test-concurrency=2', '--test-timeout=600000'];
  const runner = spawn(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', ...limits, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...services },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
  return new Promise((resolve, reject) => {
    runner.once('error', reject);
    runner.once('exit', (code) => resolve(code ?? 1));
  });
}
