import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { testAzurite } from '../test/support/azurite.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { needsServices, testFiles } from '../test/support/testFiles.ts';

// `npm test`: the services once, then every test file (or those that the arguments name) in node's own runner.
// `npm run test:fast`: no services, and the test files that need none.
const { values, positionals } = parseArgs({ options: { fast: { type: 'boolean' } }, allowPositionals: true });
const named = positionals.length > 0 ? positionals : testFiles();
const files = values.fast ? named.filter((file) => !needsServices(file)) : named;
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

/** Answers the runner's exit code; a signal to us ends the runner first, so that the services are stopped after it. */
function runTests(services: Readonly<Record<string, string>>): Promise<number> {
  const limits = ['--test-concurrency=2', '--test-timeout=600000'];
  const loaded = ['--import', 'tsx', '--import', './test/support/leftOpen.mjs'];
  const runner = spawn(process.execPath, [...loaded, '--test', '--test-reporter=spec', ...limits, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...services },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
  return new Promise((resolve, reject) => {
    runner.once('error', reject);
    runner.once('exit', (code) => resolve(code ?? 1));
  });
}
