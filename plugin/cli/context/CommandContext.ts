import type { Readable, Writable } from 'node:stream';

/**
 * What a command is run with. Exit codes: 0 it went well; 1 it ran, and its answer is bad; 2 settings or arguments are
 * wrong; 130 it was stopped (Ctrl-C) and goes on the next time.
 */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: Readable;
  /** Results only, so that it can be piped. */
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly errors: Writable;
  /** Fires when the process is asked to end. */
  readonly signal: AbortSignal;
  setExitCode(code: 0 | 1 | 2 | 130): void;
}
