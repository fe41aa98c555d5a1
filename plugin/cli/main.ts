#!/usr/bin/env node
import { Console } from 'node:console';
import { setMaxListeners } from 'node:events';
import { version } from '../wiring/version.ts';

const args = process.argv.slice(2);
// Standard output is for results alone: what libraries say (knex, a portal's own module) goes beside them. What a shell is to
// complete is such a result, and the library that finds it writes it itself.
if (!['complete', 'completion'].includes(args[0] ?? ''))
  globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });

const ending = new AbortController();
// Every probe under way listens to it: that many are no leak.
setMaxListeners(0, ending.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
// The reader of our output may stop reading (`| head`); there is nobody left to tell.
process.stdout.on('error', () => process.exit(1));

if (args.length === 1 && ['--version', '-V'].includes(args[0] ?? '')) process.stdout.write(`${version}\n`);
else await run();

// Agenda keeps a timer for each job that it ran, which nobody can clear: a command that is done does not wait for it.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
process.exit();

/** Only now the commands, and what they load: a version that a script asks for needs none of it. */
async function run(): Promise<void> {
  const { runCli } = await import('./runCli.ts');
  await runCli(args, {
    environment: process.env,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    signal: ending.signal,
    setExitCode: (code) => {
      process.exitCode = code;
    },
  });
}
