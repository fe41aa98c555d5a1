import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from '../../plugin/cli/runCli.ts';

export interface CommandEnd {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs the command line in this process. */
export async function runCommand(
  args: readonly string[],
  given: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly signal?: AbortSignal;
  } = {},
): Promise<CommandEnd> {
  const output = new PassThrough();
  const errors = new PassThrough();
  const read = Promise.all([text(output), text(errors)]);
  let exitCode = 0;
  await runCli(args, {
    environment: given.environment ?? {},
    input: Readable.from([given.input ?? '']),
    output,
    errors,
    signal: given.signal ?? new AbortController().signal,
    setExitCode: (code) => {
      exitCode = code;
    },
  });
  output.end();
  errors.end();
  const [outputText, errorText] = await read;
  return { exitCode, output: outputText, errors: errorText };
}
