import { Command, CommanderError } from 'commander';
import { ArchiverError, messageOf } from '../errors.ts';
import { version } from '../wiring/version.ts';
import { archiveCommand } from './archive/archive.ts';
import { reportCommand } from './archive/report.ts';
import { runCommand } from './archive/run.ts';
import { statusCommand } from './archive/status.ts';
import { sweepCommand } from './archive/sweep.ts';
import { ckanCommand } from './ckan/ckan.ts';
import { addCompletion } from './completion.ts';
import type { CommandContext } from './context/CommandContext.ts';
import { adoptStoreCommand } from './operate/adoptStore.ts';
import { configCommand } from './operate/configCommand.ts';
import { doctorCommand } from './operate/doctor.ts';
import { hostCommand } from './operate/host.ts';
import { mailCommand } from './operate/mail.ts';
import { migrateCommand } from './operate/migrate.ts';
import { relocateCommand } from './operate/relocate.ts';
import { serveCommand } from './operate/serve.ts';
import { uninstallCommand } from './operate/uninstall.ts';
import { workerCommand } from './operate/worker.ts';
import { probeCommand } from './probe/probe.ts';

const COMMANDS = [
  probeCommand,
  configCommand,
  doctorCommand,
  workerCommand,
  serveCommand,
  sweepCommand,
  archiveCommand,
  statusCommand,
  reportCommand,
  runCommand,
  hostCommand,
  mailCommand,
  migrateCommand,
  relocateCommand,
  adoptStoreCommand,
  uninstallCommand,
  ckanCommand,
];

/** Runs one command; never throws and never ends the process. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<void> {
  const program = new Command('portal-archiver')
    .description('Archives what the links of a data portal lead to.')
    .version(version)
    .addHelpText(
      'after',
      '\nExit codes: 0 went well; 1 the answer is bad; 2 wrong settings or arguments, or no database.',
    );
  for (const command of COMMANDS) program.addCommand(command(context));
  addCompletion(program, args, context.output);
  behave(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) context.errors.write(`${textOf(error)}\n`);
    context.setExitCode(exitCodeOf(error));
  }
}

/** A report of ours says all that is wrong, however long it is. */
const textOf = (error: unknown): string => (error instanceof ArchiverError ? error.message : messageOf(error));

/** Commander would end the process and write to its streams; inherited settings do not reach added commands. */
function behave(command: Command, context: CommandContext): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.output.write(text),
    writeErr: (text) => context.errors.write(text),
  });
  for (const inner of command.commands) behave(inner, context);
}

/** Nothing could be done: what was written is wrong, or leads to no database, or to one whose tables are others. */
const WRONG_INPUT: readonly string[] = [
  'settings-invalid',
  'invalid-request',
  'database-failed',
  'host-unsuitable',
  'schema-mismatch',
];

function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof ArchiverError && WRONG_INPUT.includes(error.code) ? 2 : 1;
}
