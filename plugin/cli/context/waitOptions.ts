import { type Command, InvalidArgumentError } from 'commander';
import type { UninstallOptions } from '../../Archiver.ts';
import type { CommandContext } from './CommandContext.ts';

/** The options of a command that waits until other processes have stopped. */
export interface WaitOptions {
  readonly timeout?: number;
}

/** For every command that drops what others may work with. */
export const addWaitOptions = (command: Command): Command =>
  command.option(
    '--timeout <seconds>',
    'how long to wait for other processes to stop (default: a minute, or two leases)',
    readSeconds,
  );

/** Says on standard error who is waited for, and breaks off when the command is asked to end. */
export const waitingBy = ({ timeout }: WaitOptions, { errors, signal }: CommandContext): UninstallOptions => ({
  ...(timeout !== undefined && { timeoutMs: timeout * 1000 }),
  signal,
  onWait: (waitsFor) => errors.write(`waiting for other processes to stop: ${waitsFor}\n`),
});

function readSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds, 0 or more.');
  return Number(text);
}
